// ICCID, IMSI and MSISDN: what they look like, checked where they enter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tessera::cards {

// The Luhn formula over all digits, the check digit included (ISO/IEC 7812-1 annex B).
[[nodiscard]] bool luhn_holds(std::string_view digits);

// 18 to 20 digits with a right check digit; one F that pads to 20 is taken off. Errors: bad_iccid.
[[nodiscard]] result<std::string> parse_iccid(std::string_view text, std::string_view field = "iccid");
// The IMEI that names a terminal in the registry: 15 digits, the last one the Luhn check digit (3GPP TS 23.003 clause
// 6.2.1); forms in which phones tell theirs: equipment.h. Errors: bad_imei.
[[nodiscard]] result<std::string> parse_terminal_imei(std::string_view text, std::string_view field = "iccid");
// Either of them, by which the registry names an object: 15 digits are an IMEI.
[[nodiscard]] result<std::string> parse_iccid_or_imei(std::string_view text);
// 6 to 15 digits. Errors: bad_imsi.
[[nodiscard]] result<std::string> parse_imsi(std::string_view text, std::string_view field = "imsi");
// 5 to 15 digits, a plus sign before them allowed, no leading zero. Errors: bad_msisdn.
[[nodiscard]] result<std::uint64_t> parse_msisdn(std::string_view text, std::string_view field = "msisdn");

// A tag: 1 to limits::tag_octets of a-z, 0-9, '_', '.', '-'. Errors: bad_tag.
[[nodiscard]] result<std::string> parse_tag(std::string_view text, std::string_view field = "tag");
// Several, separated by ';' or spaces, each once. Errors: bad_tag, also for more than limits::tags_per_card.
[[nodiscard]] result<std::vector<std::string>> parse_tags(std::string_view text, std::string_view field = "tags");

// Name of a variable of cards: a letter a-z, then a-z, 0-9 and '_', limits::variable_name_octets at most. Errors:
// bad_variable.
[[nodiscard]] result<std::string> parse_variable_name(std::string_view text, std::string_view field = "variable");
// Its value: 1 to limits::variable_octets of UTF-8 without control characters. Errors: bad_variable.
[[nodiscard]] result<std::string> parse_variable_value(std::string_view text, std::string_view field);
// UTF-8 without control characters, fit for terminals, JSON and databases.
[[nodiscard]] bool printable(std::string_view text);

}  // namespace tessera::cards
