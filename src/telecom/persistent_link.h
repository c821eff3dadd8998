// A link that outlives the exchanges it serves: it stays bound between them and says nothing but enquire_link. What
// cards send meanwhile is refused for now, so that the SMSC keeps it until an exchange is there to store it.
#pragma once

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

// Everything on the loop's thread. Must outlive what attach() gave.
class persistent_link {
public:
    persistent_link(net::event_loop& loop, const smsc_settings& settings, const clock_port& clock);
    ~persistent_link();
    void open();
    // Unbinds for good.
    void close();

    // The network for one exchange: open() of it reports the link as soon as it is up, close() of it leaves the link
    // alone.
    [[nodiscard]] std::unique_ptr<network> attach(network_events& events);

private:
    class idle_events;
    class attachment;
    net::event_loop* loop_;
    std::unique_ptr<idle_events> events_;
    std::unique_ptr<network> link_;
};

}  // namespace tessera::telecom
