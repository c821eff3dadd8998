// Events that cards tell by short message: each is made durable, then acknowledged to the SMSC. Lives on the local
// service's thread.
#pragma once

#include <functional>
#include <vector>

#include "operations/commit_queue.h"
#include "operations/event_message.h"
#include "operations/membership.h"
#include "store/shared_writer.h"
#include "telecom/claim_line.h"

namespace tessera::app {

class event_intake {
public:
    // `recorded` is called when new events are durable. What comes from a number that no card has, or tells nothing
    // that can be read, is kept as a message that nobody awaits (membership::keep_stray). All must outlive it.
    event_intake(store::shared_writer& writer, const std::vector<operations::event_rule>& rules, telecom::radio& radio,
                 net::event_loop& home, operations::membership& fleets, std::function<void()> recorded);
    event_intake(const event_intake&) = delete;
    event_intake& operator=(const event_intake&) = delete;

    [[nodiscard]] bool idle() const { return waiting_.empty(); }

private:
    using queue = operations::commit_queue<telecom::claimed_message>;
    [[nodiscard]] result<void> keep_some(store::connection& writer, queue::batch some);
    void answer(queue::batch some, const result<void>& kept);
    // True: an event that is new.
    [[nodiscard]] result<bool> keep(store::connection& writer, const telecom::claimed_message& message, timestamp now);

    const std::vector<operations::event_rule>* rules_;
    operations::membership* fleets_;
    std::function<void()> recorded_;
    bool news_ = false;  // the batch under way has new events
    queue waiting_;
    telecom::claim_line line_;  // last: it fills the queue
};

}  // namespace tessera::app
