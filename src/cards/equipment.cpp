#include "cards/equipment.h"

#include <algorithm>

#include "cards/identifiers.h"

namespace tessera::cards {
namespace {

constexpr std::size_t identity_digits = 14;  // TAC and serial number

// TS 23.003 annex B.
char check_digit(std::string digits) {
    for (char one = '0';; ++one) {
        digits.push_back(one);
        if (one == '9' || luhn_holds(digits)) return one;
        digits.pop_back();
    }
}

result<equipment> parse(std::string_view text, std::string_view field, bool spare_digit) {
    const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || text.size() < identity_digits || text.size() > codec::imeisv_digits)
        return failure("bad_imei", field, "expected 14 or 15 digits of an IMEI, or 16 of an IMEISV");
    equipment made{std::string(text.substr(0, identity_digits)), {}};
    made.imei.push_back(check_digit(made.imei));
    if (text.size() == codec::imeisv_digits) made.software_version = text.substr(identity_digits);
    const bool right = text.size() != imei_digits || text == made.imei || (spare_digit && text.back() == '0');
    if (!right) return failure("bad_imei", field, "the last digit is not the Luhn check digit of the others");
    return made;
}

}  // namespace

result<equipment> parse_imei(std::string_view text, std::string_view field) { return parse(text, field, false); }
result<equipment> signalled_imei(std::string_view digits, std::string_view field) { return parse(digits, field, true); }

}  // namespace tessera::cards
