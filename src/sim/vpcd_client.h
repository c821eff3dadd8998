// A simulated card in a virtual reader: the card's end of the protocol of vpcd (vsmartcard), which pcscd loads as a
// driver. TCP; each message two octets of length and so many octets.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "sim/terminal_interface.h"

namespace tessera::sim {

// Puts the card in and serves until the reader or the card's faults take it out. `inserted` is called in between.
// Errors: bad_address, cannot_connect, bad_message.
[[nodiscard]] result<void> serve_vpcd(std::string_view address, terminal_interface& card, const clock_port& clock,
                                      void (*inserted)());

}  // namespace tessera::sim
