// An applet as operators have on their cards: when a phone is switched on it asks the phone for its IMEI (PROVIDE LOCAL
// INFORMATION) and sends what the phone answers, the TLV of the IMEI or IMEISV, as a short message to a number.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "sim/simulated_card.h"

namespace tessera::sim {

// A short message that a card sends of its own accord: TP-PID 0, TP-DCS 04, no user data header.
struct originated_message {
    std::uint64_t subscriber = 0;
    std::string to;
    bytes user_data;
};

// {"card", "phone": digits of its IMEI or IMEISV, "to": number, "begins_with": hex of what stands before the TLV}.
// Errors: bad_request, unknown_card, no_subscriber.
[[nodiscard]] result<originated_message> switch_phone_on(const simulated_cards& cards,
                                                         const boost::json::object& asked);

}  // namespace tessera::sim
