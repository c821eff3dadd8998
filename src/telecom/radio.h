// Everything that speaks to SMSCs, on one thread: an event loop, a shared link for each SMSC of the configuration, and
// routing over several.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "net/event_loop.h"
#include "telecom/reference_book.h"
#include "telecom/route.h"
#include "telecom/session_commons.h"
#include "telecom/shared_link.h"
#include "telecom/smsc_settings.h"

namespace tessera::telecom {

class radio {
public:
    // keep_open: links are bound from now on; else while somebody uses them. Settings and clock must outlive it.
    radio(const std::vector<smsc_settings>& smscs, const clock_port& clock, bool keep_open);
    // Unbinds what is bound, waits shortly, ends the thread.
    ~radio();
    radio(const radio&) = delete;
    radio& operator=(const radio&) = delete;

    [[nodiscard]] net::event_loop& loop() { return loop_; }
    // Null: no such SMSC. To be used on the loop's thread.
    [[nodiscard]] shared_link* link(const std::string& smsc);

    // For every SMSC: its name and link. Loop's thread.
    void for_each_link(const std::function<void(const std::string&, shared_link&)>& use);

    // SMSCs that somebody wants a link to and has none, with their names. Thread safe.
    struct missing_link {
        std::string smsc, address;
        timestamp since;
    };
    [[nodiscard]] std::vector<missing_link> missing_links() const;

    // Whether there is what the route names. Errors: no_smsc. Thread safe.
    [[nodiscard]] result<void> check(const route& way) const;
    // The network over the SMSCs of a route that check() found good, for one user of that rank. A route of one name
    // goes by that SMSC whatever its prefixes say. Loop's thread; the radio must outlive what it gave.
    [[nodiscard]] std::unique_ptr<network> attach(const route& way, link_rank rank, network_events& events);

private:
    void keep_awake();

    struct centre {
        centre(radio& owner, const smsc_settings& settings, const clock_port& clock);
        session_commons commons;
        shared_link link;
    };

    const std::vector<smsc_settings>* settings_;
    const clock_port* clock_;
    net::event_loop loop_;
    reference_book references_;
    std::map<std::string, std::unique_ptr<centre>> centres_;
    std::unique_ptr<net::event_loop::timer> tick_;
    std::unique_ptr<net::event_loop::timer> last_moment_;
    std::size_t closing_ = 0;
    std::thread thread_;
};

}  // namespace tessera::telecom
