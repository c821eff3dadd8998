// Phones, as far as a registry of cards knows them: by the identity of 3GPP TS 23.003 clause 6.2.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/mobile_identity.h"

namespace tessera::cards {

using codec::imei_digits;
inline constexpr std::size_t type_allocation_digits = 8;  // TAC: which make and type of phone

struct equipment {
    std::string imei;              // 15 digits: TAC, serial number, and the check digit that belongs to them
    std::string software_version;  // 2 digits, of an IMEISV; empty: not told
    // Another software version does not make another phone.
    [[nodiscard]] bool same_phone(const equipment& other) const { return imei == other.imei; }
};

// 14 digits (without check digit), 15 (whose last one must be the Luhn check digit), or an IMEISV of 16. Errors:
// bad_imei.
[[nodiscard]] result<equipment> parse_imei(std::string_view text, std::string_view field = "imei");
// As a phone signals it: the last of 15 digits may be the spare digit 0, too (TS 23.003 clause 6.2.1). Errors:
// bad_imei.
[[nodiscard]] result<equipment> signalled_imei(std::string_view digits, std::string_view field = "imei");

}  // namespace tessera::cards
