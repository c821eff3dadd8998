#include "cards/identifiers.h"

#include <algorithm>
#include <charconv>

namespace tessera::cards {
namespace {

bool all_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool luhn_holds(std::string_view digits) {
    int sum = 0;
    bool doubled = false;
    for (auto it = digits.rbegin(); it != digits.rend(); ++it) {
        int digit = *it - '0';
        if (doubled) digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
        sum += digit;
        doubled = !doubled;
    }
    return sum % 10 == 0;
}

result<std::string> parse_iccid(std::string_view text, std::string_view field) {
    if (text.size() == 20 && (text.back() == 'F' || text.back() == 'f')) text.remove_suffix(1);
    if (text.size() < 18 || text.size() > 20 || !all_digits(text))
        return failure("bad_iccid", field, "expected 18 to 20 digits");
    if (!luhn_holds(text))
        return failure("bad_iccid", field, "the last digit is not the Luhn check digit of the others");
    return std::string(text);
}

result<std::string> parse_imsi(std::string_view text, std::string_view field) {
    if (text.size() < 6 || text.size() > 15 || !all_digits(text))
        return failure("bad_imsi", field, "expected 6 to 15 digits");
    return std::string(text);
}

result<std::uint64_t> parse_msisdn(std::string_view text, std::string_view field) {
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.size() < 5 || text.size() > 15 || !all_digits(text) || text.front() == '0')
        return failure("bad_msisdn", field, "expected 5 to 15 digits in international form, without leading zeros");
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace tessera::cards
