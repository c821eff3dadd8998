// IMEI and IMEISV as phones, networks and cards code them: the mobile identity of 3GPP TS 24.008 clause 10.5.1.4, and
// the TLVs that a card gets by PROVIDE LOCAL INFORMATION (3GPP TS 31.111 clauses 8.20 and 8.74).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::codec {

inline constexpr std::uint8_t imei_tag = 0x14;  // of a COMPREHENSION-TLV; with b8 it is 94
inline constexpr std::uint8_t imeisv_tag = 0x62;
inline constexpr std::size_t imei_digits = 15;  // 3GPP TS 23.003 clause 6.2.1
inline constexpr std::size_t imeisv_digits = 16;
inline constexpr std::size_t imei_octets = 8;
inline constexpr std::size_t imeisv_octets = 9;

// The 15 digits of an IMEI (the last one as signalled: 0, or the check digit), or the 16 of an IMEISV. Octets behind
// the identity are left alone. Errors: bad_identity (another type of identity, no digits, too short).
[[nodiscard]] result<std::string> decode_mobile_identity(byte_view octets);
// `digits` are 15 or 16 decimal ones; the caller's business.
[[nodiscard]] bytes encode_mobile_identity(std::string_view digits);

// The first IMEI or IMEISV among COMPREHENSION-TLVs (ETSI TS 102 223 clause 8). Nothing: there is none before the list
// ends or breaks off. An identity that cannot be decoded is an error, as above.
[[nodiscard]] result<std::optional<std::string>> find_mobile_identity(byte_view list);

// Digits two an octet, the first in b4..b1, as files of a card have them; F ends them. Errors: bad_identity.
[[nodiscard]] result<std::string> decode_swapped_digits(byte_view octets);

}  // namespace tessera::codec
