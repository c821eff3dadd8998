// BER-TLV as smart cards use it (ISO/IEC 8825-1): tags are octets or big-endian pairs, lengths definite, up to three
// octets. Views point into the caller's octets.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace tessera::codec {

// 00..7f, 81 xx, 82 xx xx: the shortest that fits. At most 65,535.
void append_ber_length(bytes& out, std::size_t length);
// A tag of one or two octets, the length, the value.
void append_ber_tlv(bytes& out, std::uint16_t tag, byte_view value);

// Cuts the length off the front of `rest`. Nothing, and `rest` as it was: it is not there whole, indefinite (80), or
// longer than two octets. It may be larger than what follows.
[[nodiscard]] std::optional<std::size_t> take_ber_length(byte_view& rest);

struct ber_tlv {
    std::uint16_t tag = 0;  // 4f, 9f70
    byte_view value;
};
// Cuts a whole TLV off the front of `rest`. Nothing, and `rest` as it was, where there is none that is whole.
[[nodiscard]] std::optional<ber_tlv> take_ber_tlv(byte_view& rest);
// The first TLV with that tag among those in `list`; nothing if there is none before the list breaks off.
[[nodiscard]] std::optional<byte_view> find_ber_tlv(byte_view list, std::uint16_t tag);

}  // namespace tessera::codec
