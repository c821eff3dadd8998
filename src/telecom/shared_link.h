// One link to an SMSC for everybody in the process who speaks to it: single operations go first, then campaigns'
// exchanges by their priority, one after the other where it is equal. It is bound while somebody uses it, or from
// keep_open() to close().
//
// What cards send goes to whoever asked first for such messages; all else goes to single operations if they await
// something of that card, else to the exchange that does, else to any exchange, else to single operations all the same,
// which keep it. With nobody there it is refused for now, so that the SMSC keeps it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/time.h"
#include "telecom/network.h"
#include "telecom/route.h"

namespace tessera::net {
class event_loop;
}

namespace tessera::telecom {

// Everything on the loop's thread. Must outlive what attach() gave.
class shared_link {
public:
    // Makes the link that is shared; it reports to the events given.
    using link_factory = std::function<std::unique_ptr<network>(network_events&)>;

    shared_link(net::event_loop& loop, const link_factory& make, const clock_port& clock = system_clock());
    ~shared_link();

    // Binds, and stays bound with nobody there.
    void keep_open();
    // Unbinds once nobody uses it; `closed` is called then.
    void close(std::function<void()> closed);

    // Asked of every message before anybody else hears of it. True: it was taken, and is to be acknowledged or refused
    // here.
    void ask_first(std::function<bool(const inbound_message&)> takes);
    void acknowledge(const inbound_handle& handle);
    void refuse(const inbound_handle& handle, std::uint32_t command_status);

    // The network for one user: open() of it reports the link as soon as it is up, close() of it leaves the link alone
    // as long as somebody else wants it, or it is to be kept. Tokens are below 2^48.
    [[nodiscard]] std::unique_ptr<network> attach(link_rank rank, network_events& events);

    // Since when somebody wants the link and there is none; nothing: it is up, or nobody wants it. Thread safe.
    [[nodiscard]] std::optional<timestamp> down_since() const;

private:
    class state;
    class attachment;
    std::unique_ptr<state> state_;
};

}  // namespace tessera::telecom
