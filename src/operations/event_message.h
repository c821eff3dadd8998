// Short messages by which cards tell of events, as an operator describes his applets' ([[event]] of tessera.toml).
//
// No standard says what such a message looks like: an applet learns of the event from its terminal (EVENT DOWNLOAD,
// TERMINAL PROFILE, STATUS), asks it for the IMEI (PROVIDE LOCAL INFORMATION, ETSI TS 102 223 clause 6.4.15) and sends
// a short message of its maker's form to a number of the operator's. So a rule says by what to know it and where the
// IMEI stands. The message is not secured, and proves nothing but that somebody with that number sent it.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "cards/card_events.h"
#include "telecom/network.h"

namespace tessera::operations {

enum class imei_form : std::uint8_t {
    none,      // it tells no IMEI
    tlv,       // a COMPREHENSION-TLV 14/94 or 62/E2 among others
    identity,  // the value of such a TLV: 3GPP TS 24.008 clause 10.5.1.4
    bcd,       // digits two an octet, the first in the low half; F fills the rest
    text,      // digits as characters
};
[[nodiscard]] std::optional<imei_form> imei_form_from(std::string_view name);

struct event_rule {
    cards::event_kind kind = cards::event_kind::registration;
    // All of these that are there must hold; one at least is.
    std::string to;                     // the address that the card sent it to, without plus sign
    std::optional<std::uint16_t> port;  // destination port of its user data header (3GPP TS 23.040 clause 9.2.3.24.4)
    bytes begins_with;                  // behind the header
    imei_form imei = imei_form::tlv;
    std::size_t imei_at = 0;  // octets behind the header
};

// The first rule that the message answers to. None, whatever the rules say, for packets to and from applications:
// elements 70 and 71, the port at which terminals' agents acknowledge, and where a network took the header off, a first
// octet 00 as response packets have it; none for parts of longer messages. Cheap: asked for every message that comes.
[[nodiscard]] std::optional<std::size_t> rule_for(std::span<const event_rule> rules,
                                                  const telecom::inbound_message& message);

// What a message that answers to the rule tells, without time and source. Errors: bad_event, bad_imei, bad_identity.
[[nodiscard]] result<cards::reported_event> read_event(const event_rule& rule, byte_view user_data, bool has_header);

}  // namespace tessera::operations
