// The link to one SMSC as its settings want it: one session or several, transceivers, or pairs of a transmitter and a
// receiver. They share the SMSC's rate; the window is each session's own.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "net/event_loop.h"
#include "telecom/network.h"
#include "telecom/session_commons.h"
#include "telecom/smsc_settings.h"

namespace tessera::telecom {

// Open as soon as one session may send and one receives, down when that is no longer so; then results of what is under
// way on the sessions that are left still come. It fails when no session of a kind it needs can be had any more; until
// then one that fails is done without. Otherwise as make_smpp_link, which it is for a single transceiver.
[[nodiscard]] std::unique_ptr<network> make_smsc_link(net::event_loop& loop, const smsc_settings& settings,
                                                      const clock_port& clock, session_commons& commons,
                                                      network_events& events);

// The same over sessions that `make` makes.
using session_factory = std::function<std::unique_ptr<network>(session_kind, network_events&)>;
[[nodiscard]] std::unique_ptr<network> make_session_bundle(const smsc_settings& settings, const session_factory& make,
                                                           network_events& events);

}  // namespace tessera::telecom
