#include "cards/identifiers.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"

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

result<std::string> parse_tag(std::string_view text, std::string_view field) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    };
    if (text.empty() || text.size() > limits::tag_octets || !std::ranges::all_of(text, fits))
        return failure("bad_tag", field,
                       "expected 1 to " + std::to_string(limits::tag_octets) + " of a-z, 0-9, '_', '.' and '-'");
    return std::string(text);
}

result<std::vector<std::string>> parse_tags(std::string_view text, std::string_view field) {
    std::vector<std::string> tags;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of("; "), text.size());
        if (end > 0) {
            TESSERA_TRY_VALUE(auto tag, parse_tag(text.substr(0, end), field));
            if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(std::move(tag));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
        if (tags.size() > limits::tags_per_card)
            return failure("bad_tag", field, "more than " + std::to_string(limits::tags_per_card) + " tags");
    }
    return tags;
}

}  // namespace tessera::cards
