// The radio network over one SMPP 3.4 session: smpp_session on a TCP connection, in TLS if the settings want it.
#pragma once

#include <memory>

#include "base/time.h"
#include "net/event_loop.h"
#include "telecom/network.h"
#include "telecom/session_commons.h"
#include "telecom/smsc_settings.h"

namespace tessera::telecom {

// Nothing happens before open(). All arguments must outlive the link, and the link must go before the loop; destroying
// it drops the connection without calls back. A certificate that is not believed, or TLS files that cannot be read, are
// a failure for good, as a refused bind is. After on_closed, open() may be called again; after on_failed it may be
// tried again. Loop's thread only. Output is written at the end of the handler in which it arose, all of it in one
// write.
[[nodiscard]] std::unique_ptr<network> make_smpp_link(net::event_loop& loop, const smsc_settings& settings,
                                                      const clock_port& clock, session_commons& commons,
                                                      network_events& events,
                                                      session_kind kind = session_kind::transceiver);
// The only session with its SMSC.
[[nodiscard]] std::unique_ptr<network> make_smpp_link(net::event_loop& loop, const smsc_settings& settings,
                                                      const clock_port& clock, network_events& events);

// "host:port" or "[host]:port". Errors: bad_address.
struct host_and_port {
    std::string host;
    std::string port;
};
[[nodiscard]] result<host_and_port> parse_address(std::string_view address);

}  // namespace tessera::telecom
