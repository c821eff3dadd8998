// The link to an SMSC in the simulation, in the place of telecom/smpp_link.cpp: the product's smpp_session on a wire of
// radio_world instead of a socket. Everything above (bundles, sharing, routing) is the product's own.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "simulated_world.h"
#include "telecom/smpp_link.h"
#include "telecom/smpp_session.h"

namespace tessera::telecom {
namespace {

using simulation::process_id;
using simulation::radio_world;
using simulation::simulated_world;

class virtual_driver final : public std::enable_shared_from_this<virtual_driver> {
public:
    virtual_driver(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock,
                   session_commons& commons, network_events& events, session_kind kind)
        : loop_(loop),
          settings_(settings),
          clock_(clock),
          events_(events),
          session_(settings, commons, events, kind),
          delay_(settings.reconnect_delay_min),
          process_(simulated_world::now().machine.process()) {}

    void open() {
        if (wanted_ || closing_) return;
        wanted_ = true;
        delay_ = settings_.reconnect_delay_min;
        soon([](virtual_driver& self) { self.connect(); });
    }
    bool submit(const outbound_message& message) {
        const bool taken = session_.submit(message, clock_.monotonic());
        schedule_turn_end();
        return taken;
    }
    void acknowledge(const inbound_handle& handle) {
        session_.acknowledge(handle);
        schedule_turn_end();
    }
    void refuse(const inbound_handle& handle, std::uint32_t status) {
        session_.refuse(handle, status);
        schedule_turn_end();
    }
    void close() {
        if (closing_) return;
        closing_ = true;
        wanted_ = false;
        session_.close(clock_.monotonic());
        if (session_.state() == smpp_session::phase::down)
            soon([](virtual_driver& self) {
                if (self.closing_) self.drop({});
            });
        schedule_turn_end();
    }
    void abandon() {
        abandoned_ = true;
        hang_up();
        deadline_.reset();
        reconnect_.reset();
    }

private:
    template <class Work>
    void soon(Work work) {
        loop_.post([self = shared_from_this(), work] {
            if (!self->abandoned_) work(*self);
        });
    }
    // Nothing that a dead process says is heard.
    [[nodiscard]] bool dead() const { return simulated_world::now().is_dead(process_); }
    radio_world& outside() { return simulated_world::now().outside(); }

    void hang_up() {
        ++number_;
        if (const auto was = std::exchange(wire_, nullptr); was && !dead()) outside().close(was);
    }

    void connect() {
        if (!wanted_ || wire_) return;
        if (!dead()) {
            const auto mine = ++number_;
            auto weak = weak_from_this();
            wire_ = outside().connect([weak, mine](bytes octets) { heard(weak, mine, std::move(octets)); },
                                      [weak, mine](const std::string& why) { ended(weak, mine, why); });
        }
        if (!wire_) return try_again();
        session_.connected(clock_.monotonic());
        end_turn();
    }
    static void heard(const std::weak_ptr<virtual_driver>& weak, std::uint64_t number, bytes octets) {
        const auto self = weak.lock();
        if (!self || self->abandoned_) return;
        self->loop_.post([self, number, octets = std::move(octets)] {
            if (self->abandoned_ || self->number_ != number) return;
            self->in_turn_ = true;
            self->session_.on_octets(octets, self->clock_.monotonic());
            self->in_turn_ = false;
            self->end_turn();
        });
    }
    static void ended(const std::weak_ptr<virtual_driver>& weak, std::uint64_t number, const std::string& why) {
        const auto self = weak.lock();
        if (!self || self->abandoned_) return;
        self->loop_.post([self, number, why] {
            if (!self->abandoned_ && self->number_ == number) self->drop(why);
        });
    }

    void try_again() {
        if (!wanted_) return;
        reconnect_ = loop_.after(delay_, [self = shared_from_this()] { self->connect(); });
        delay_ = std::min(delay_ * 2, settings_.reconnect_delay_max);
    }
    void schedule_turn_end() {
        if (in_turn_ || turn_end_scheduled_) return;
        turn_end_scheduled_ = true;
        soon([](virtual_driver& self) {
            self.turn_end_scheduled_ = false;
            self.end_turn();
        });
    }
    void end_turn() {
        if (!session_.output().empty() && session_.state() != smpp_session::phase::down) {
            auto octets = std::exchange(session_.output(), {});
            if (wire_ && !dead()) outside().write(wire_, std::move(octets));
            in_turn_ = true;
            session_.on_drained(clock_.monotonic());
            in_turn_ = false;
            if (!session_.output().empty()) schedule_turn_end();
        }
        if (session_.state() == smpp_session::phase::ended) return drop(session_.end().why);
        arm_deadline();
    }
    void arm_deadline() {
        const auto next = session_.next_deadline();
        if (!next || (armed_ && *armed_ <= *next)) return;
        armed_ = next;
        const auto wait = *next == instant::min() ? duration::zero() : *next - clock_.monotonic();
        deadline_ = loop_.after(std::max(duration::zero(), wait), [self = shared_from_this()] {
            self->armed_.reset();
            self->in_turn_ = true;
            self->session_.on_time(self->clock_.monotonic());
            self->in_turn_ = false;
            self->end_turn();
        });
    }
    // The connection is over, whoever ended it: results first, then what comes next.
    void drop(const std::string& why) {
        hang_up();
        deadline_.reset();
        armed_.reset();
        const bool refused =
            session_.state() == smpp_session::phase::ended && session_.end().kind == smpp_session::ending_kind::refused;
        const bool was_open = session_.was_bound();
        in_turn_ = true;
        session_.disconnected();
        in_turn_ = false;
        if (std::exchange(closing_, false)) return events_.on_closed();
        if (refused) {
            wanted_ = false;
            return events_.on_failed({"bind_refused", settings_.name, why});
        }
        if (was_open) delay_ = settings_.reconnect_delay_min;
        if (was_open) events_.on_link_down(why);
        try_again();
    }

    net::event_loop& loop_;
    const smsc_settings& settings_;
    const clock_port& clock_;
    network_events& events_;
    smpp_session session_;
    duration delay_;
    process_id process_;
    std::shared_ptr<radio_world::connection> wire_;
    std::uint64_t number_ = 0;  // of the connection
    std::unique_ptr<net::event_loop::timer> deadline_, reconnect_;
    std::optional<instant> armed_;
    bool wanted_ = false, closing_ = false, in_turn_ = false, turn_end_scheduled_ = false, abandoned_ = false;
};

class virtual_link final : public network {
public:
    explicit virtual_link(std::shared_ptr<virtual_driver> driver, std::unique_ptr<session_commons> commons = nullptr)
        : commons_(std::move(commons)), driver_(std::move(driver)) {}
    ~virtual_link() override { driver_->abandon(); }
    virtual_link(const virtual_link&) = delete;
    virtual_link& operator=(const virtual_link&) = delete;

    void open() override { driver_->open(); }
    bool submit(const outbound_message& message) override { return driver_->submit(message); }
    void acknowledge(const inbound_handle& handle) override { driver_->acknowledge(handle); }
    void refuse(const inbound_handle& handle, std::uint32_t status) override { driver_->refuse(handle, status); }
    void close() override { driver_->close(); }

private:
    std::unique_ptr<session_commons> commons_;
    std::shared_ptr<virtual_driver> driver_;
};

}  // namespace

std::unique_ptr<network> make_smpp_link(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock,
                                        session_commons& commons, network_events& events, session_kind kind) {
    return std::make_unique<virtual_link>(
        std::make_shared<virtual_driver>(loop, settings, clock, commons, events, kind));
}

std::unique_ptr<network> make_smpp_link(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock,
                                        network_events& events) {
    auto commons = std::make_unique<session_commons>(settings);
    auto driver = std::make_shared<virtual_driver>(loop, settings, clock, *commons, events, session_kind::transceiver);
    return std::make_unique<virtual_link>(std::move(driver), std::move(commons));
}

}  // namespace tessera::telecom
