#include "telecom/shared_link.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>
#include <vector>

#include "base/log.h"
#include "codec/smpp_pdu.h"
#include "net/event_loop.h"

namespace tessera::telecom {
namespace {

constexpr int user_shift = 48;  // the highest bits of a token say whose it is
constexpr std::uint64_t token_mask = (std::uint64_t{1} << user_shift) - 1;
constexpr std::size_t ranks = static_cast<std::size_t>(link_rank::last_campaign) + 1;

}  // namespace

class shared_link::state final : public network_events {
public:
    // Its place in users_ is in its tokens, so it is given to another user only when no result can come back any more.
    struct user {
        network_events* events = nullptr;  // none: it is gone
        std::size_t place = 0;
        std::size_t rank = 0;
        std::size_t under_way = 0;  // submits without result
        bool wants = false;         // open() was called, close() not
        bool leaving = false;       // on_closed is owed
        bool waiting = false;       // on_writable is owed; then the link owes it to us
    };

    state(net::event_loop& loop, const link_factory& make, const clock_port& clock)
        : loop_(&loop), clock_(&clock), link_(make(*this)) {}

    [[nodiscard]] std::optional<timestamp> down_since() const {
        const auto since = down_since_.load();
        return since == 0 ? std::nullopt : std::optional(from_microseconds(since));
    }

    network& link() { return *link_; }
    [[nodiscard]] bool up() const { return up_; }
    [[nodiscard]] bool closing() const { return closing_; }
    void post(std::function<void()> work) { loop_->post(std::move(work)); }

    std::shared_ptr<user> enter(link_rank rank, network_events& events) {
        auto place = std::size_t{0};
        while (place < users_.size() && (users_[place]->events != nullptr || users_[place]->under_way > 0)) ++place;
        if (place == users_.size()) users_.emplace_back();
        users_[place] = std::make_shared<user>();
        users_[place]->events = &events;
        users_[place]->place = place;
        users_[place]->rank = static_cast<std::size_t>(rank);
        return users_[place];
    }

    void keep(bool kept) {
        kept_ = kept;
        kept_ ? link_->open() : settle();
        look_whether_down();
    }
    void ask_first(std::function<bool(const inbound_message&)> takes) { takes_ = std::move(takes); }
    void when_closed(std::function<void()> closed) {
        closed_ = std::move(closed);
        keep(false);
    }

    // After a user came or went: the link is there exactly as long as somebody wants it.
    void settle() {
        look_whether_down();
        if (wanted()) {
            if (!closing_ && !up_) link_->open();
            return;
        }
        if (!closing_) link_->close();
        closing_ = true;
    }
    void look_whether_down() {
        if (up_ || !wanted())
            down_since_ = 0;
        else if (down_since_ == 0)
            down_since_ = to_microseconds(clock_->now());
    }

    bool submit(user& from, const outbound_message& message) {
        if (!from.wants || !up_ || closing_) return false;
        // Room that somebody else waits for is his: on_writable hands it out in order.
        const auto before = &from == served_ ? from.rank : from.rank + 1;
        if (std::any_of(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(before),
                        [](std::size_t users) { return users > 0; })) {
            wait(from, true);
            return false;
        }
        auto tagged = message;
        tagged.token |= static_cast<std::uint64_t>(from.place) << user_shift;
        const bool taken = link_->submit(tagged);
        if (taken) ++from.under_way;
        wait(from, !taken);
        return taken;
    }
    void wait(user& who, bool waits) {
        if (who.waiting == waits) return;
        who.waiting = waits;
        waits ? ++waiting_[who.rank] : --waiting_[who.rank];
    }

    void on_open() override {
        up_ = true;
        look_whether_down();
        for_each_wanting([](network_events& events) { events.on_open(); });
    }
    // Who still waits when a user has used up the room gets the next one.
    void on_writable() override {
        for (std::size_t rank = 0; rank < ranks; ++rank) {
            const auto last = last_served_[rank];
            for (std::size_t step = 1; step <= users_.size() && waiting_[rank] > 0; ++step) {
                const auto who = users_[(last + step) % users_.size()];
                if (who->rank != rank || !who->waiting) continue;
                last_served_[rank] = who->place;
                wait(*who, false);
                served_ = who.get();
                who->events->on_writable();
                served_ = nullptr;
                if (who->waiting) return;
            }
        }
    }
    void on_result(std::uint64_t token, submit_result result, std::uint32_t command_status) override {
        auto* const whose = users_[token >> user_shift].get();
        --whose->under_way;
        if (whose->events != nullptr) whose->events->on_result(token & token_mask, result, command_status);
    }
    void on_message(const inbound_message& message) override {
        if (takes_ && takes_(message)) return;
        if (auto* const taker = taker_of(message.subscriber))
            taker->events->on_message(message);
        else
            link_->refuse(message.handle, codec::smpp::status::receiver_temporary_error);
    }
    void on_receipt(const inbound_receipt& receipt) override {
        if (auto* const taker = taker_of(receipt.subscriber))
            taker->events->on_receipt(receipt);
        else
            link_->acknowledge(receipt.handle);
    }
    void on_link_down(std::string_view why) override {
        up_ = false;
        look_whether_down();
        nobody_waits();
        for_each_wanting([&](network_events& events) { events.on_link_down(why); });
    }
    void on_closed() override {
        up_ = closing_ = false;
        nobody_waits();
        for (std::size_t place = 0; place < users_.size(); ++place)
            if (const auto one = users_[place]; std::exchange(one->leaving, false) && one->events != nullptr)
                one->events->on_closed();
        if (closed_) std::exchange(closed_, {})();
        look_whether_down();
        if (wanted()) link_->open();
    }
    void on_failed(const error& why) override {
        up_ = false;
        nobody_waits();
        bool told = false;
        for (std::size_t place = 0; place < users_.size(); ++place) {
            const auto one = users_[place];
            if (!std::exchange(one->wants, false)) continue;
            told = true;
            one->events->on_failed(why);
        }
        if (!told) log_error(to_string(why));
        look_whether_down();
    }

private:
    [[nodiscard]] bool wanted() const {
        return kept_ || std::ranges::any_of(users_, [](const auto& one) { return one->wants; });
    }
    // Users may come and go meanwhile.
    template <class Tell>
    void for_each_wanting(Tell tell) {
        for (std::size_t rank = 0; rank < ranks; ++rank)
            for (std::size_t place = 0; place < users_.size(); ++place)
                if (const auto one = users_[place]; one->rank == rank && one->wants) tell(*one->events);
    }
    void nobody_waits() {
        for (const auto& one : users_) wait(*one, false);
    }
    user* taker_of(subscriber_number subscriber) {
        user* exchange = nullptr;
        user* single = nullptr;
        for (const auto& one : users_) {
            const bool is_single = one->rank == 0;
            if (one->events == nullptr || !(is_single || one->wants)) continue;
            auto& best = is_single ? single : exchange;
            const bool better =
                best == nullptr || (!best->events->awaits(subscriber) && one->events->awaits(subscriber));
            if (better) best = one.get();
        }
        if (single != nullptr && (exchange == nullptr || single->events->awaits(subscriber))) return single;
        return exchange;
    }

    net::event_loop* loop_;
    const clock_port* clock_;
    std::unique_ptr<network> link_;
    std::atomic<std::int64_t> down_since_ = 0;  // microseconds; 0: not
    std::vector<std::shared_ptr<user>> users_;
    std::array<std::size_t, ranks> waiting_{};      // users of each rank
    std::array<std::size_t, ranks> last_served_{};  // by place: the next one begins
    const user* served_ = nullptr;                  // whose on_writable runs
    std::function<bool(const inbound_message&)> takes_;
    std::function<void()> closed_;
    bool kept_ = false;
    bool up_ = false;
    bool closing_ = false;  // the link's on_closed is owed
};

class shared_link::attachment final : public network {
public:
    attachment(state& owner, link_rank rank, network_events& events)
        : owner_(&owner), mine_(owner.enter(rank, events)) {}
    ~attachment() override {
        mine_->events = nullptr;
        mine_->leaving = false;
        owner_->wait(*mine_, false);
        if (std::exchange(mine_->wants, false)) owner_->settle();
    }
    attachment(const attachment&) = delete;
    attachment& operator=(const attachment&) = delete;

    void open() override {
        mine_->wants = true;
        if (!owner_->up() || owner_->closing()) return owner_->settle();
        owner_->post([owner = owner_, mine = mine_] {
            if (mine->wants && owner->up()) mine->events->on_open();
        });
    }
    bool submit(const outbound_message& message) override { return owner_->submit(*mine_, message); }
    void acknowledge(const inbound_handle& handle) override { owner_->link().acknowledge(handle); }
    void refuse(const inbound_handle& handle, std::uint32_t command_status) override {
        owner_->link().refuse(handle, command_status);
    }
    void close() override {
        mine_->wants = false;
        mine_->leaving = true;
        owner_->wait(*mine_, false);
        owner_->settle();
        if (owner_->closing()) return;  // on_closed comes from the link
        owner_->post([mine = mine_] {
            if (std::exchange(mine->leaving, false) && mine->events != nullptr) mine->events->on_closed();
        });
    }

private:
    state* owner_;
    std::shared_ptr<state::user> mine_;
};

shared_link::shared_link(net::event_loop& loop, const link_factory& make, const clock_port& clock)
    : state_(std::make_unique<state>(loop, make, clock)) {}
std::optional<timestamp> shared_link::down_since() const { return state_->down_since(); }
shared_link::~shared_link() = default;
void shared_link::keep_open() { state_->keep(true); }
void shared_link::ask_first(std::function<bool(const inbound_message&)> takes) { state_->ask_first(std::move(takes)); }
void shared_link::acknowledge(const inbound_handle& handle) { state_->link().acknowledge(handle); }
void shared_link::refuse(const inbound_handle& handle, std::uint32_t command_status) {
    state_->link().refuse(handle, command_status);
}
void shared_link::close(std::function<void()> closed) { state_->when_closed(std::move(closed)); }
std::unique_ptr<network> shared_link::attach(link_rank rank, network_events& events) {
    return std::make_unique<attachment>(*state_, rank, events);
}

}  // namespace tessera::telecom
