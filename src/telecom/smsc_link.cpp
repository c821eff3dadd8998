#include "telecom/smsc_link.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "telecom/smpp_link.h"

namespace tessera::telecom {
namespace {

constexpr int member_shift = 48;  // of a handle's link: which session; below it is the session's own number
static_assert(limits::smpp_sessions <= 0x80);

class session_bundle final : public network {
public:
    session_bundle(const smsc_settings& settings, const session_factory& make, network_events& events)
        : events_(&events) {
        const auto add = [&](session_kind kind) {
            members_.push_back(std::make_unique<member>(*this, members_.size(), kind));
            members_.back()->link = make(kind, *members_.back());
        };
        for (std::uint32_t i = 0; i < settings.sessions; ++i) {
            if (settings.bind == bind_mode::transceiver) {
                add(session_kind::transceiver);
            } else {
                add(session_kind::receiver);  // first, so that it is there when answers come
                add(session_kind::transmitter);
            }
        }
    }

    void open() override {
        if (open_ != 0) return;
        failure_.reset();
        for (const auto& one : members_) {
            one->failed = false;
            ++open_;
            one->link->open();
        }
    }

    bool submit(const outbound_message& message) override {
        if (!up_) return false;
        for (std::size_t tried = 0; tried < members_.size(); ++tried) {
            const auto& one = *members_[current_];
            if (one.up && one.transmits() && one.link->submit(message)) return true;
            current_ = (current_ + 1) % members_.size();
        }
        return false;
    }
    void acknowledge(const inbound_handle& handle) override {
        if (auto* const from = member_of(handle)) from->link->acknowledge(inner(handle));
    }
    void refuse(const inbound_handle& handle, std::uint32_t command_status) override {
        if (auto* const from = member_of(handle)) from->link->refuse(inner(handle), command_status);
    }
    void close() override {
        if (closing_) return;
        closing_ = true;
        if (!failure_) close_all();
    }

private:
    struct member final : network_events {
        member(session_bundle& bundle, std::size_t place, session_kind which)
            : owner(&bundle), number(place), kind(which) {}
        [[nodiscard]] bool transmits() const { return kind != session_kind::receiver; }
        [[nodiscard]] bool receives() const { return kind != session_kind::transmitter; }

        void on_open() override {
            up = true;
            owner->member_opened(*this);
        }
        void on_writable() override {
            if (owner->up_) owner->events_->on_writable();
        }
        void on_result(std::uint64_t token, submit_result result, std::uint32_t command_status) override {
            owner->events_->on_result(token, result, command_status);
        }
        void on_message(const inbound_message& message) override {
            auto tagged = message;
            tagged.handle.link |= static_cast<std::uint64_t>(number) << member_shift;
            owner->events_->on_message(tagged);
        }
        void on_receipt(const inbound_receipt& receipt) override {
            auto tagged = receipt;
            tagged.handle.link |= static_cast<std::uint64_t>(number) << member_shift;
            owner->events_->on_receipt(tagged);
        }
        [[nodiscard]] bool awaits(subscriber_number subscriber) const override {
            return owner->events_->awaits(subscriber);
        }
        void on_link_down(std::string_view why) override {
            up = false;
            owner->member_lost(why);
        }
        void on_closed() override {
            up = false;
            owner->member_closed();
        }
        void on_failed(const error& why) override {
            up = false;
            failed = true;
            owner->member_failed(why);
        }

        session_bundle* owner;
        std::size_t number;
        session_kind kind;
        std::unique_ptr<network> link;
        bool up = false;
        bool failed = false;
    };

    [[nodiscard]] member* member_of(const inbound_handle& handle) const {
        const auto number = handle.link >> member_shift;
        return number < members_.size() ? members_[number].get() : nullptr;
    }
    static inbound_handle inner(const inbound_handle& handle) {
        return {handle.link & ((std::uint64_t{1} << member_shift) - 1), handle.sequence};
    }
    template <class Holds>
    [[nodiscard]] bool both_ways(Holds holds) const {
        return std::ranges::any_of(members_, [&](const auto& one) { return one->transmits() && holds(*one); }) &&
               std::ranges::any_of(members_, [&](const auto& one) { return one->receives() && holds(*one); });
    }

    void member_opened(const member& which) {
        if (closing_ || failure_) return;
        if (!up_ && both_ways([](const member& one) { return one.up; })) {
            up_ = true;
            events_->on_open();
        } else if (up_ && which.transmits()) {
            events_->on_writable();
        }
    }
    void member_lost(std::string_view why) {
        if (!up_ || both_ways([](const member& one) { return one.up; })) return;
        up_ = false;
        if (!closing_ && !failure_) events_->on_link_down(why);
    }
    void member_failed(const error& why) {
        if (both_ways([](const member& one) { return !one.failed; }) || closing_ || failure_) {
            if (!closing_ && !failure_) log_error("one of several sessions is given up: " + to_string(why));
            return member_lost(why.message);
        }
        up_ = false;
        failure_ = why;
        close_all();
    }
    // Each of them says on_closed, also one that failed.
    void close_all() {
        up_ = false;
        open_ = members_.size();
        for (const auto& one : members_) one->link->close();
    }
    void member_closed() {
        if (open_ > 0 && --open_ > 0) return;
        const auto failed = std::exchange(failure_, std::nullopt);
        if (std::exchange(closing_, false)) return events_->on_closed();
        if (failed) events_->on_failed(*failed);
    }

    network_events* events_;
    std::vector<std::unique_ptr<member>> members_;
    std::size_t current_ = 0;  // the session that submits go to until it has no room
    std::size_t open_ = 0;     // sessions whose on_closed is to come before all is quiet
    bool up_ = false;
    bool closing_ = false;          // on_closed is owed
    std::optional<error> failure_;  // on_failed is owed, once the other sessions are closed
};

}  // namespace

std::unique_ptr<network> make_session_bundle(const smsc_settings& settings, const session_factory& make,
                                             network_events& events) {
    return std::make_unique<session_bundle>(settings, make, events);
}

std::unique_ptr<network> make_smsc_link(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock,
                                        session_commons& commons, network_events& events) {
    const session_factory make = [&](session_kind kind, network_events& of) {
        return make_smpp_link(loop, settings, clock, commons, of, kind);
    };
    if (settings.bind == bind_mode::transceiver && settings.sessions <= 1)
        return make(session_kind::transceiver, events);
    return make_session_bundle(settings, make, events);
}

}  // namespace tessera::telecom
