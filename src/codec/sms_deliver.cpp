// SMS-DELIVER (TS 23.040 clause 9.2.2.1) and the ENVELOPE that carries one (TS 31.111 clause 7.1.1.2); see sms_tpdu.h.
#include <algorithm>

#include "codec/sms_tpdu.h"

namespace tessera::codec {
namespace {

constexpr std::uint8_t type_mask = 0x03, no_more_messages = 0x04, header_indicator = 0x40;
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
    const auto octets = message.user_data.size();
    out.push_back(static_cast<std::uint8_t>(counts_septets(message.data_coding) ? octets * 8 / 7 : octets));
    append(out, message.user_data);
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
    const std::size_t length = in.u8();
    if (in.failed()) return failure("truncated", "tpdu", "ends before TP-UD");
    const auto octets = counts_septets(message.data_coding) ? (length * 7 + 7) / 8 : length;
    if (octets > limits::short_message_octets) return failure("bad_length", "TP-UDL", "more than 140 octets");
    if (in.rest().size() > octets) return failure("bad_length", "TP-UDL", "says fewer octets than there are");
    if (in.rest().size() < octets) return failure("truncated", "TP-UD", "TP-UDL says more octets than there are");
    message.user_data = to_bytes(in.rest());
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
