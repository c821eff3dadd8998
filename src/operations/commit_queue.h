// Messages that cards sent, made durable before the SMSC may forget them, in small steps: a flood of them must not keep
// operations waiting.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "net/event_loop.h"
#include "store/shared_writer.h"

namespace tessera::operations {

// Lives on the loop's thread, like everything that is called from here.
template <class Message>
class commit_queue {
public:
    using batch = std::span<const Message>;
    struct work {
        // In a transaction of its own with the others of the batch; it may be run again, from the same start.
        std::function<result<void>(store::connection&, batch)> keep;
        // The commit has returned: the batch is durable, or, after an error, left as it was.
        std::function<void(batch, const result<void>&)> kept;
    };

    // All must outlive it.
    commit_queue(net::event_loop& home, store::shared_writer& writer, std::size_t per_commit, work how)
        : home_(&home), writer_(&writer), per_commit_(per_commit), how_(std::move(how)) {}

    // Taken up with whatever comes while the last commit runs.
    void push(Message message) {
        waiting_.push_back(std::move(message));
        if (waiting_.size() == 1) soon();
    }
    [[nodiscard]] bool empty() const { return waiting_.empty(); }

private:
    void soon() {
        home_->post([this, alive = std::weak_ptr(alive_)] {
            if (!alive.expired()) step();
        });
    }

    void step() {
        const auto count = std::min(waiting_.size(), per_commit_);
        const auto some = batch(waiting_).first(count);
        const auto done = writer_->transact_first([&](store::connection& writer) { return how_.keep(writer, some); });
        how_.kept(some, done);
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
        if (!waiting_.empty()) soon();
    }

    net::event_loop* home_;
    store::shared_writer* writer_;
    std::size_t per_commit_;
    work how_;
    std::vector<Message> waiting_;  // neither durable nor acknowledged
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace tessera::operations
