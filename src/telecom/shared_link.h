// One link to an SMSC for everybody in the process who speaks to it: a campaign's exchange, and single operations,
// which go before it. It is bound while somebody uses it, or from open() to close() when it is to be kept.
//
// What cards send goes to single operations if they await something of that card, else to the exchange, else to single
// operations all the same, which keep it. With nobody there it is refused for now, so that the SMSC keeps it.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "telecom/network.h"
#include "telecom/smsc_settings.h"

namespace tessera::net {
class event_loop;
}
namespace tessera {
class clock_port;
}

namespace tessera::telecom {

// Who goes first when the window has room again.
enum class link_user : std::uint8_t { single_operations = 0, exchange = 1 };

// Everything on the loop's thread. Must outlive what attach() gave.
class shared_link {
public:
    using claim = std::function<bool(subscriber_number)>;

    shared_link(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock);
    ~shared_link();

    // Binds, and stays bound with nobody there.
    void keep_open();
    // Unbinds once nobody uses it; `closed` is called then.
    void close(std::function<void()> closed);

    // The network for one user of each kind: open() of it reports the link as soon as it is up, close() of it leaves
    // the link alone as long as the other one, or nobody, wants it kept. `awaits`: of single operations, whether a
    // card's words are theirs.
    [[nodiscard]] std::unique_ptr<network> attach(link_user who, network_events& events, claim awaits = {});

private:
    class state;
    class attachment;
    std::unique_ptr<state> state_;
};

}  // namespace tessera::telecom
