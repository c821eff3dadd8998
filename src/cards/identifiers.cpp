#include "cards/identifiers.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "codec/mobile_identity.h"

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

result<std::string> parse_terminal_imei(std::string_view text, std::string_view field) {
    if (text.size() != codec::imei_digits || !all_digits(text))
        return failure("bad_imei", field, "expected 15 digits, the IMEI of a terminal");
    if (!luhn_holds(text))
        return failure("bad_imei", field, "the last digit is not the Luhn check digit of the others");
    return std::string(text);
}

result<std::string> parse_iccid_or_imei(std::string_view text) {
    return text.size() == codec::imei_digits ? parse_terminal_imei(text) : parse_iccid(text);
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

bool printable(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto first = static_cast<std::uint8_t>(text[at++]);
        if (first < 0x20 || first == 0x7f || (first >= 0x80 && first < 0xc2) || first > 0xf4) return false;
        const std::size_t more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
        if (text.size() - at < more) return false;
        std::uint32_t point = more == 0 ? first : first & (0x3fU >> more);
        for (std::size_t i = 0; i < more; ++i) {
            const auto next = static_cast<std::uint8_t>(text[at++]);
            if ((next & 0xc0U) != 0x80) return false;
            point = point << 6U | (next & 0x3fU);
        }
        // Overlong forms, surrogates, what lies beyond Unicode, and the C1 controls.
        if ((more == 1 && point < 0xa0) || (more == 2 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) ||
            (more == 3 && (point < 0x10000 || point > 0x10ffff)))
            return false;
    }
    return true;
}

result<std::string> parse_variable_name(std::string_view text, std::string_view field) {
    const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto fits = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
    if (text.empty() || text.size() > limits::variable_name_octets || !letter(text.front()) ||
        !std::ranges::all_of(text, fits))
        return failure("bad_variable", field,
                       "expected the name of a variable, a letter and up to " +
                           std::to_string(limits::variable_name_octets - 1) + " of a-z, 0-9 and '_'");
    return std::string(text);
}

result<std::string> parse_variable_value(std::string_view text, std::string_view field) {
    if (text.empty() || text.size() > limits::variable_octets || !printable(text))
        return failure(
            "bad_variable", field,
            "expected 1 to " + std::to_string(limits::variable_octets) + " octets of UTF-8 without control characters");
    return std::string(text);
}

}  // namespace tessera::cards
