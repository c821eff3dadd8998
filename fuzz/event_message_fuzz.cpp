// Any user data as a short message of a card that tells of an event, by every form of rule: what is read is an IMEI,
// and codes again to digits that name the same phone. The first octet is the header indicator and where the IMEI
// stands.
#include <cstdlib>

#include "codec/mobile_identity.h"
#include "operations/event_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    if (size == 0) return 0;
    telecom::inbound_message message;
    message.has_header = (data[0] & 0x80U) != 0;
    message.user_data = {data + 1, size - 1};
    message.destination = "7001";
    for (const auto form : {operations::imei_form::none, operations::imei_form::tlv, operations::imei_form::identity,
                            operations::imei_form::bcd, operations::imei_form::text}) {
        operations::event_rule rule;
        rule.to = "7001";
        rule.imei = form;
        rule.imei_at = data[0] & 0x7fU;
        const bool meant = operations::rule_for(std::span(&rule, 1), message).has_value();
        const auto found = operations::read_event(rule, message.user_data, message.has_header);
        if (!found) {
            if (found.error().field.empty() && meant) std::abort();
            continue;
        }
        if ((form == operations::imei_form::none) == found->phone.has_value()) std::abort();
        if (!found->phone) continue;
        const auto again = cards::parse_imei(found->phone->imei);
        if (!again || !again->same_phone(*found->phone)) std::abort();
        const auto coded = codec::encode_mobile_identity(found->phone->imei);
        if (codec::decode_mobile_identity(coded) != found->phone->imei) std::abort();
    }
    return 0;
}
