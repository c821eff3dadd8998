// One network over several SMSCs: each message goes by the best that can be had, and by another one when that has been
// down for too long or refuses to be bound. The octets of a message may so leave by two of them; the card's counter
// keeps its effect single, as it does when one SMSC sends a message twice.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/time.h"
#include "telecom/network.h"
#include "telecom/route.h"

namespace tessera::net {
class event_loop;
}

namespace tessera::telecom {

// Calls and events as in network.h. It is open as long as one of its links is. A message for a link that is down for
// less than its failover_after, or has no room, waits in a queue of its own of limits::routed_waiting messages, so that
// the others need not wait for it; when a queue is full, submit says no. What waits goes another way when its link is
// given up, and gets `exhausted` when no link is left that may reach the subscriber, or none ever was: nothing is known
// of the card then. An SMSC that refuses the bind is asked again every limits::routed_retry.
class routed_network final : public network {
public:
    // Makes the network by the SMSC at that place of the table.
    using attach = std::function<std::unique_ptr<network>(std::size_t place, network_events&)>;

    // Everything must outlive it.
    routed_network(route_table table, const attach& by, const clock_port& clock, network_events& events);
    ~routed_network() override;
    routed_network(const routed_network&) = delete;
    routed_network& operator=(const routed_network&) = delete;

    // Fail-over, and whatever else time brings; to be called every limits::routed_tick or so.
    void on_time();

    void open() override;
    bool submit(const outbound_message& message) override;
    void acknowledge(const inbound_handle& handle) override;
    void refuse(const inbound_handle& handle, std::uint32_t command_status) override;
    void close() override;

private:
    class line;
    enum class taken : std::uint8_t { yes, no_room, no_way };
    [[nodiscard]] taken put(const outbound_message& message, const line* not_by);
    void line_opened(line& which);
    void line_writable(line& which);
    void line_lost(std::string_view why);
    void line_failed(line& which, const error& why);
    void line_closed();
    void drain(line& which);
    void move_away(line& from);
    void settle_hopeless();
    void give_back();
    void say_writable();

    route_table table_;
    const clock_port* clock_;
    network_events* events_;
    std::vector<std::unique_ptr<line>> lines_;
    std::vector<std::uint64_t> hopeless_;  // tokens of messages that no line may bring
    bool open_ = false;                    // a line is up
    bool said_no_ = false;                 // on_writable is owed
    bool closing_ = false;                 // on_closed is owed
    bool failed_ = false;                  // on_failed was said, open() not since
    std::size_t closed_ = 0;
};

// The same with a timer of the loop, which must outlive it, too.
[[nodiscard]] std::unique_ptr<network> make_routed_network(net::event_loop& loop, route_table table,
                                                           const routed_network::attach& by, const clock_port& clock,
                                                           network_events& events);

}  // namespace tessera::telecom
