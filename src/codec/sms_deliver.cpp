// SMS-DELIVER and SMS-SUBMIT (TS 23.040 clauses 9.2.2.1, 9.2.2.2) and the ENVELOPE that carries the former (TS 31.111
// clause 7.1.1.2); see sms_tpdu.h.
#include <algorithm>

#include "codec/sms_tpdu.h"

namespace tessera::codec {
namespace {

constexpr std::uint8_t type_mask = 0x03, no_more_messages = 0x04, header_indicator = 0x40;
constexpr std::uint8_t type_submit = 0x01, validity_mask = 0x18, no_validity = 0x00, enhanced_validity = 0x08,
                       relative_validity = 0x10, absolute_validity = 0x18;
constexpr std::string_view digit_characters = "0123456789*#abc";
constexpr std::size_t address_digits = 20;  // TP-OA: 12 octets at most, clause 9.1.2.5

bool is_address(std::string_view digits) {
    return digits.size() <= address_digits && digits.find_first_not_of(digit_characters) == std::string_view::npos;
}

// Whether TP-UDL counts septets: the GSM 7 bit alphabet, not compressed (TS 23.038 clause 4).
bool counts_septets(std::uint8_t data_coding) {
    const auto group = data_coding >> 4;
    if (group <= 0x7) return (data_coding & 0x20) == 0 && (data_coding & 0x0c) == 0;
    if (group == 0xf) return (data_coding & 0x04) == 0;
    return group == 0xc || group == 0xd;
}

// TP-UDL and TP-UD.
void append_user_data(bytes& out, std::uint8_t data_coding, byte_view user_data) {
    const auto octets = user_data.size();
    out.push_back(static_cast<std::uint8_t>(counts_septets(data_coding) ? octets * 8 / 7 : octets));
    append(out, user_data);
}

result<bytes> take_user_data(byte_reader& in, std::uint8_t data_coding) {
    const std::size_t length = in.u8();
    if (in.failed()) return failure("truncated", "tpdu", "ends before TP-UD");
    const auto octets = counts_septets(data_coding) ? (length * 7 + 7) / 8 : length;
    if (octets > limits::short_message_octets) return failure("bad_length", "TP-UDL", "more than 140 octets");
    if (in.rest().size() > octets) return failure("bad_length", "TP-UDL", "says fewer octets than there are");
    if (in.rest().size() < octets) return failure("truncated", "TP-UD", "TP-UDL says more octets than there are");
    return to_bytes(in.rest());
}

void append_length(bytes& out, std::size_t length) {  // BER-TLV, up to 255
    if (length > 0x7f) out.push_back(0x81);
    out.push_back(static_cast<std::uint8_t>(length));
}

}  // namespace

bytes encode_semi_octets(std::string_view digits) {
    const auto nibble = [&](std::size_t at) {
        if (at >= digits.size()) return 0xfU;
        const auto value = digit_characters.find(digits[at]);
        return value == std::string_view::npos ? 0xfU : static_cast<unsigned>(value);
    };
    bytes out;
    out.reserve((digits.size() + 1) / 2);
    for (std::size_t i = 0; i < digits.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(nibble(i + 1) << 4 | nibble(i)));
    return out;
}

std::string decode_semi_octets(byte_view octets) {
    std::string digits;
    for (const auto octet : octets)
        for (const int nibble : {octet & 0xf, octet >> 4}) {
            if (nibble == 0xf) return digits;
            digits += digit_characters[static_cast<std::size_t>(nibble)];
        }
    return digits;
}

result<bytes> encode_sms_deliver(const sms_deliver& message) {
    if (!is_address(message.originator))
        return failure("bad_field", "originator", "expected at most 20 of the digits 0-9 * # a b c");
    if (message.user_data.size() > limits::short_message_octets)
        return failure("too_long", "user_data", "a short message carries at most 140 octets");
    bytes out;
    out.reserve(32 + message.user_data.size());
    out.push_back(static_cast<std::uint8_t>((message.more_messages ? 0 : no_more_messages) |
                                            (message.has_header ? header_indicator : 0)));
    out.push_back(static_cast<std::uint8_t>(message.originator.size()));
    out.push_back(message.originator_type);
    append(out, encode_semi_octets(message.originator));
    out.push_back(message.protocol_id);
    out.push_back(message.data_coding);
    append(out, message.service_centre_time);
    append_user_data(out, message.data_coding, message.user_data);
    return out;
}

result<sms_deliver> decode_sms_deliver(byte_view tpdu) {
    byte_reader in(tpdu);
    sms_deliver message;
    const auto first = in.u8();
    const std::size_t digits = in.u8();
    if (in.failed()) return failure("truncated", "tpdu", "ends before the originating address");
    if ((first & type_mask) != 0) return failure("bad_field", "TP-MTI", "not an SMS-DELIVER");
    if (digits > address_digits) return failure("bad_field", "TP-OA", "an address has at most 20 digits");
    message.more_messages = (first & no_more_messages) == 0;
    message.has_header = (first & header_indicator) != 0;
    message.originator_type = in.u8();
    message.originator = decode_semi_octets(in.take((digits + 1) / 2)).substr(0, digits);
    message.protocol_id = in.u8();
    message.data_coding = in.u8();
    std::ranges::copy(in.take(7), message.service_centre_time.begin());
    TESSERA_TRY_VALUE(message.user_data, take_user_data(in, message.data_coding));
    return message;
}

result<bytes> encode_sms_submit(const sms_submit& message) {
    if (!is_address(message.destination))
        return failure("bad_field", "destination", "expected at most 20 of the digits 0-9 * # a b c");
    if (message.user_data.size() > limits::short_message_octets)
        return failure("too_long", "user_data", "a short message carries at most 140 octets");
    const auto octets = message.validity.size();
    if (octets != 0 && octets != 1 && octets != 7)
        return failure("bad_field", "validity", "expected none, 1 or 7 octets");
    const std::uint8_t format = octets == 0 ? no_validity
                                            : (octets == 1                 ? relative_validity
                                               : message.absolute_validity ? absolute_validity
                                                                           : enhanced_validity);
    bytes out;
    out.reserve(32 + message.user_data.size());
    out.push_back(static_cast<std::uint8_t>(type_submit | format | (message.has_header ? header_indicator : 0)));
    out.push_back(message.reference);
    out.push_back(static_cast<std::uint8_t>(message.destination.size()));
    out.push_back(message.destination_type);
    append(out, encode_semi_octets(message.destination));
    out.push_back(message.protocol_id);
    out.push_back(message.data_coding);
    append(out, message.validity);
    append_user_data(out, message.data_coding, message.user_data);
    return out;
}

result<sms_submit> decode_sms_submit(byte_view tpdu) {
    byte_reader in(tpdu);
    sms_submit message;
    const auto first = in.u8();
    message.reference = in.u8();
    const std::size_t digits = in.u8();
    if (in.failed()) return failure("truncated", "tpdu", "ends before the destination address");
    if ((first & type_mask) != type_submit) return failure("bad_field", "TP-MTI", "not an SMS-SUBMIT");
    if (digits > address_digits) return failure("bad_field", "TP-DA", "an address has at most 20 digits");
    message.has_header = (first & header_indicator) != 0;
    message.destination_type = in.u8();
    message.destination = decode_semi_octets(in.take((digits + 1) / 2)).substr(0, digits);
    message.protocol_id = in.u8();
    message.data_coding = in.u8();
    const auto format = static_cast<std::uint8_t>(first & validity_mask);
    message.absolute_validity = format == absolute_validity;
    message.validity = to_bytes(in.take(format == no_validity ? 0 : format == relative_validity ? 1 : 7));
    TESSERA_TRY_VALUE(message.user_data, take_user_data(in, message.data_coding));
    return message;
}

result<bytes> encode_envelope(byte_view tpdu, std::string_view service_centre) {
    const bool plus = service_centre.starts_with('+');
    const auto digits = service_centre.substr(plus ? 1 : 0);
    if (digits.empty() || !is_address(digits))
        return failure("bad_field", "service_centre", "expected 1 to 20 digits, a plus sign may stand before them");
    bytes content{0x82, 0x02, 0x83, 0x81, 0x06};  // device identities: from the network to the card; address
    const auto address = encode_semi_octets(digits);
    append_length(content, address.size() + 1);
    content.push_back(0x91);  // international, ISDN
    append(content, address);
    content.push_back(0x8b);  // SMS TPDU
    if (tpdu.size() > 0xff) return failure("too_long", "tpdu", "does not fit an ENVELOPE");
    append_length(content, tpdu.size());
    append(content, tpdu);
    const auto body = content.size() + (content.size() > 0x7f ? 3 : 2);
    if (body > 0xff) return failure("too_long", "tpdu", "does not fit an ENVELOPE");
    bytes out{0x80, 0xc2, 0x00, 0x00, static_cast<std::uint8_t>(body), 0xd1};
    append_length(out, content.size());
    append(out, content);
    return out;
}

}  // namespace tessera::codec
