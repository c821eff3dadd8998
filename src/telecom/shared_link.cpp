#include "telecom/shared_link.h"

#include <optional>
#include <utility>

#include "base/log.h"
#include "codec/smpp_pdu.h"
#include "net/event_loop.h"
#include "telecom/smpp_link.h"

namespace tessera::telecom {
namespace {

constexpr int user_shift = 63;  // the highest bit of a token says whose it is
constexpr int generation_shift = 56;
constexpr std::uint64_t generations = 128;  // and the next ones, which attachment of that user
constexpr std::uint64_t token_mask = (std::uint64_t{1} << generation_shift) - 1;

}  // namespace

class shared_link::state final : public network_events {
public:
    struct user {
        network_events* events = nullptr;
        claim awaits;
        std::uint64_t generation = 0;
        bool wants = false;    // open() was called, close() not
        bool leaving = false;  // on_closed is owed
    };

    state(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock)
        : loop_(&loop), link_(make_smpp_link(loop, settings, clock, *this)) {}

    user& of(link_user who) { return users_[static_cast<std::size_t>(who)]; }
    network& link() { return *link_; }
    [[nodiscard]] bool up() const { return up_; }
    [[nodiscard]] bool closing() const { return closing_; }
    void post(std::function<void()> work) { loop_->post(std::move(work)); }

    void keep(bool kept) {
        kept_ = kept;
        kept_ ? link_->open() : settle();
    }
    void when_closed(std::function<void()> closed) {
        closed_ = std::move(closed);
        keep(false);
    }

    // After a user came or went: the link is there exactly as long as somebody wants it.
    void settle() {
        if (kept_ || of(link_user::single_operations).wants || of(link_user::exchange).wants) {
            if (!closing_) link_->open();
            return;
        }
        if (!closing_) link_->close();
        closing_ = true;
    }

    void on_open() override {
        up_ = true;
        for (auto& one : users_)
            if (one.wants) one.events->on_open();
    }
    void on_writable() override {
        for (auto& one : users_)
            if (one.wants) one.events->on_writable();
    }
    void on_result(std::uint64_t token, submit_result result, std::uint32_t command_status) override {
        auto& whose = users_[token >> user_shift];
        if (whose.events != nullptr && (token >> generation_shift) % generations == whose.generation % generations)
            whose.events->on_result(token & token_mask, result, command_status);
    }
    void on_message(const inbound_message& message) override {
        if (auto* taker = taker_of(message.subscriber))
            taker->events->on_message(message);
        else
            link_->refuse(message.handle, codec::smpp::status::receiver_temporary_error);
    }
    void on_receipt(const inbound_receipt& receipt) override {
        if (auto* taker = taker_of(receipt.subscriber))
            taker->events->on_receipt(receipt);
        else
            link_->acknowledge(receipt.handle);
    }
    void on_link_down(std::string_view why) override {
        up_ = false;
        for (auto& one : users_)
            if (one.wants) one.events->on_link_down(why);
    }
    void on_closed() override {
        up_ = closing_ = false;
        for (auto& one : users_)
            if (std::exchange(one.leaving, false) && one.events != nullptr) one.events->on_closed();
        if (closed_) std::exchange(closed_, {})();
        if (kept_ || of(link_user::single_operations).wants || of(link_user::exchange).wants) link_->open();
    }
    void on_failed(const error& why) override {
        up_ = false;
        bool told = false;
        for (auto& one : users_)
            if (one.wants) {
                told = true;
                one.events->on_failed(why);
            }
        if (!told) log_error(to_string(why));
    }

private:
    user* taker_of(subscriber_number subscriber) {
        auto& single = of(link_user::single_operations);
        auto& exchange = of(link_user::exchange);
        if (single.events != nullptr && single.awaits && single.awaits(subscriber)) return &single;
        if (exchange.wants) return &exchange;
        return single.events != nullptr ? &single : nullptr;
    }

    net::event_loop* loop_;
    std::unique_ptr<network> link_;
    std::array<user, 2> users_;
    std::function<void()> closed_;
    bool kept_ = false;
    bool up_ = false;
    bool closing_ = false;  // the link's on_closed is owed
};

class shared_link::attachment final : public network {
public:
    attachment(state& owner, link_user who, network_events& events, claim awaits) : owner_(&owner), who_(who) {
        auto& mine = owner_->of(who_);
        mine.events = &events;
        mine.awaits = std::move(awaits);
        mine.wants = mine.leaving = false;
        generation_ = ++mine.generation;
    }
    ~attachment() override {
        if (!current()) return;
        auto& mine = owner_->of(who_);
        mine.events = nullptr;
        mine.awaits = {};
        mine.leaving = false;
        if (std::exchange(mine.wants, false)) owner_->settle();
    }
    attachment(const attachment&) = delete;
    attachment& operator=(const attachment&) = delete;

    void open() override {
        auto& mine = owner_->of(who_);
        mine.wants = true;
        if (!owner_->up()) return owner_->settle();
        owner_->post([owner = owner_, who = who_, generation = generation_] {
            auto& still = owner->of(who);
            if (still.generation == generation && still.wants && owner->up()) still.events->on_open();
        });
    }
    bool submit(const outbound_message& message) override {
        if (!current() || !owner_->of(who_).wants || !owner_->up()) return false;
        auto tagged = message;
        tagged.token |= static_cast<std::uint64_t>(who_) << user_shift | generation_ % generations << generation_shift;
        return owner_->link().submit(tagged);
    }
    void acknowledge(const inbound_handle& handle) override { owner_->link().acknowledge(handle); }
    void refuse(const inbound_handle& handle, std::uint32_t command_status) override {
        owner_->link().refuse(handle, command_status);
    }
    void close() override {
        auto& mine = owner_->of(who_);
        mine.wants = false;
        mine.leaving = true;
        owner_->settle();
        if (owner_->closing()) return;  // on_closed comes from the link
        owner_->post([owner = owner_, who = who_, generation = generation_] {
            auto& still = owner->of(who);
            if (still.generation == generation && std::exchange(still.leaving, false)) still.events->on_closed();
        });
    }

private:
    [[nodiscard]] bool current() const { return owner_->of(who_).generation == generation_; }
    state* owner_;
    link_user who_;
    std::uint64_t generation_ = 0;
};

shared_link::shared_link(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock)
    : state_(std::make_unique<state>(loop, settings, clock)) {}
shared_link::~shared_link() = default;
void shared_link::keep_open() { state_->keep(true); }
void shared_link::close(std::function<void()> closed) { state_->when_closed(std::move(closed)); }
std::unique_ptr<network> shared_link::attach(link_user who, network_events& events, claim awaits) {
    return std::make_unique<attachment>(*state_, who, events, std::move(awaits));
}

}  // namespace tessera::telecom
