#include "base/iso8601.h"

#include <optional>

namespace tessera {
namespace {

// Cuts digits off the front: exactly so many.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (const char one : text.substr(0, count)) {
        if (one < '0' || one > '9') return std::nullopt;
        value = value * 10 + (one - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take_sign(std::string_view& text, char sign) {
    if (!text.starts_with(sign)) return false;
    text.remove_prefix(1);
    return true;
}

// "12:30", each within its bounds.
std::optional<std::chrono::minutes> take_clock(std::string_view& text) {
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take_sign(text, ':')) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    return std::chrono::minutes(*hour * 60 + *minute);
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
    const auto year = take_digits(text, 4);
    if (!year || *year < 1970 || *year > 2200 || !take_sign(text, '-')) return std::nullopt;
    const auto month = take_digits(text, 2);
    if (!month || !take_sign(text, '-')) return std::nullopt;
    const auto day = take_digits(text, 2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
}

std::optional<std::chrono::microseconds> take_seconds(std::string_view& text) {
    const auto whole = take_digits(text, 2);
    if (!whole || *whole > 59) return std::nullopt;
    std::chrono::microseconds made = std::chrono::seconds(*whole);
    if (!take_sign(text, '.')) return made;
    std::int64_t scale = 100'000;
    auto digit = take_digits(text, 1);
    if (!digit) return std::nullopt;
    for (; digit && scale > 0; scale /= 10) {
        made += std::chrono::microseconds(*digit * scale);
        digit = scale > 1 ? take_digits(text, 1) : std::nullopt;
    }
    return made;
}

// East of Greenwich.
std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
    if (take_sign(text, 'Z')) return std::chrono::minutes(0);
    const bool west = take_sign(text, '-');
    if (!west && !take_sign(text, '+')) return std::nullopt;
    const auto offset = take_clock(text);
    if (!offset) return std::nullopt;
    return west ? -*offset : *offset;
}

std::optional<timestamp> read_time(std::string_view text) {
    const auto date = take_date(text);
    if (!date || !take_sign(text, 'T')) return std::nullopt;
    const auto clock = take_clock(text);
    if (!clock || !take_sign(text, ':')) return std::nullopt;
    const auto seconds = take_seconds(text);
    if (!seconds) return std::nullopt;
    const auto east = take_offset(text);
    if (!east || !text.empty()) return std::nullopt;
    return timestamp(*date) + *clock + *seconds - *east;
}

}  // namespace

result<timestamp> parse_iso8601(std::string_view text, std::string_view field) {
    if (const auto found = read_time(text)) return *found;
    return failure("bad_time", field, "expected a time as in 2026-11-22T08:30:00Z, with Z or +01:00");
}

}  // namespace tessera
