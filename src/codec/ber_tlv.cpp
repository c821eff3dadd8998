#include "codec/ber_tlv.h"

namespace tessera::codec {
namespace {

constexpr std::uint8_t one_length_octet = 0x81, two_length_octets = 0x82, tag_goes_on = 0x1f;

}  // namespace

void append_ber_length(bytes& out, std::size_t length) {
    if (length >= 0x100)
        out.push_back(two_length_octets);
    else if (length >= 0x80)
        out.push_back(one_length_octet);
    append_big_endian(out, length, length >= 0x100 ? 2 : 1);
}

void append_ber_tlv(bytes& out, std::uint16_t tag, byte_view value) {
    append_big_endian(out, tag, tag > 0xff ? 2 : 1);
    append_ber_length(out, value.size());
    append(out, value);
}

std::optional<std::size_t> take_ber_length(byte_view& rest) {
    byte_reader reader(rest);
    std::size_t length = reader.u8();
    if (length == one_length_octet || length == two_length_octets)
        length = reader.big_endian(length == one_length_octet ? 1 : 2);
    else if (length >= 0x80)
        return std::nullopt;
    if (reader.failed()) return std::nullopt;
    rest = reader.rest();
    return length;
}

std::optional<ber_tlv> take_ber_tlv(byte_view& rest) {
    byte_reader reader(rest);
    ber_tlv found;
    found.tag = reader.u8();
    if ((found.tag & tag_goes_on) == tag_goes_on) found.tag = static_cast<std::uint16_t>(found.tag << 8U | reader.u8());
    if (reader.failed()) return std::nullopt;
    auto behind = reader.rest();
    const auto length = take_ber_length(behind);
    if (!length || *length > behind.size()) return std::nullopt;
    found.value = behind.first(*length);
    rest = behind.subspan(*length);
    return found;
}

std::optional<byte_view> find_ber_tlv(byte_view list, std::uint16_t tag) {
    while (const auto one = take_ber_tlv(list))
        if (one->tag == tag) return one->value;
    return std::nullopt;
}

}  // namespace tessera::codec
