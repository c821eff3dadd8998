#include "codec/mobile_identity.h"

#include "codec/ber_tlv.h"

namespace tessera::codec {
namespace {

constexpr std::uint8_t type_mask = 0x07, type_imei = 0x02, type_imeisv = 0x03, odd_count = 0x08;
constexpr std::uint8_t filler = 0x0f, comprehension_required = 0x80;

std::unexpected<error> refused(std::string_view why) { return failure("bad_identity", "imei", std::string(why)); }

char digit_of(unsigned nibble) { return static_cast<char>('0' + nibble); }
std::uint8_t value_of(char digit) { return static_cast<std::uint8_t>(digit - '0'); }

}  // namespace

result<std::string> decode_mobile_identity(byte_view octets) {
    if (octets.empty()) return refused("there is no identity");
    const unsigned type = octets[0] & type_mask;
    const bool odd = (octets[0] & odd_count) != 0;
    if (!(type == type_imei && odd) && !(type == type_imeisv && !odd))
        return refused("the identity is neither an IMEI nor an IMEISV");
    const auto count = type == type_imei ? imei_octets : imeisv_octets;
    if (octets.size() < count) return refused("the identity is cut short");
    std::string digits;
    for (std::size_t i = 0; i < count; ++i) {
        const unsigned low = octets[i] & 0x0fU, high = static_cast<unsigned>(octets[i]) >> 4U;
        if (i > 0) digits += digit_of(low);
        if (i + 1 == count && type == type_imeisv) {
            if (high != filler) return refused("an IMEISV ends with F");
        } else {
            digits += digit_of(high);
        }
    }
    for (const char one : digits)
        if (one > '9') return refused("the identity has other digits than 0 to 9");
    return digits;
}

bytes encode_mobile_identity(std::string_view digits) {
    const bool odd = digits.size() % 2 == 1;
    bytes made;
    made.push_back(static_cast<std::uint8_t>(value_of(digits[0]) << 4U | (odd ? odd_count | type_imei : type_imeisv)));
    for (std::size_t i = 1; i < digits.size(); i += 2) {
        const auto high = i + 1 < digits.size() ? value_of(digits[i + 1]) : filler;
        made.push_back(static_cast<std::uint8_t>(high << 4U | value_of(digits[i])));
    }
    return made;
}

result<std::optional<std::string>> find_mobile_identity(byte_view list) {
    while (!list.empty()) {
        const auto tag = static_cast<std::uint8_t>(list[0] & ~comprehension_required);
        list = list.subspan(1);
        if (tag == 0x7f) {  // a tag of three octets (clause 7.1.1.2)
            if (list.size() < 2) return std::nullopt;
            list = list.subspan(2);
        }
        const auto length = take_ber_length(list);
        if (!length || *length > list.size()) return std::nullopt;
        if (tag == imei_tag || tag == imeisv_tag) {
            TESSERA_TRY_VALUE(auto digits, decode_mobile_identity(list.first(*length)));
            return digits;
        }
        list = list.subspan(*length);
    }
    return std::nullopt;
}

result<std::string> decode_swapped_digits(byte_view octets) {
    std::string digits;
    for (const auto octet : octets)
        for (const unsigned nibble : {octet & 0x0fU, static_cast<unsigned>(octet) >> 4U}) {
            if (nibble == filler) return digits;
            if (nibble > 9) return refused("the number has other digits than 0 to 9");
            digits += digit_of(nibble);
        }
    return digits;
}

}  // namespace tessera::codec
