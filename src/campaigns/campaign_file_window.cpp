#include "campaigns/campaign_file_window.h"

#include "base/limits.h"

namespace tessera::campaigns {
namespace {

constexpr std::array<std::string_view, 7> day_names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

// The digits of text[at, at + count) as a number; -1: they are none.
int digits(std::string_view text, std::size_t at, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(at, count)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

// "22:00", also "24:00".
std::optional<std::chrono::minutes> time_of_day(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const int hour = digits(text, 0, 2);
    const int minute = digits(text, 3, 2);
    if (hour < 0 || minute < 0 || minute > 59 || hour * 60 + minute > 24 * 60) return std::nullopt;
    return std::chrono::minutes(hour * 60 + minute);
}

std::optional<std::chrono::local_days> checked(int year, int month, int day) {
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (year < 2000 || year > 9999 || !date.ok()) return std::nullopt;
    return std::chrono::local_days(date);
}

// A text "2026-12-24", or the date as TOML has it.
std::optional<std::chrono::local_days> date_of(const toml::node& node) {
    if (const auto date = node.value_exact<toml::date>()) return checked(date->year, date->month, date->day);
    const auto text = node.value_exact<std::string>();
    if (!text || text->size() != 10 || (*text)[4] != '-' || (*text)[7] != '-') return std::nullopt;
    const int month = digits(*text, 5, 2);
    const int day = digits(*text, 8, 2);
    if (month < 0 || day < 0) return std::nullopt;
    return checked(digits(*text, 0, 4), month, day);
}

class window_reader {
public:
    explicit window_reader(checked_toml& notes) : toml_(notes) {}

    std::optional<window_rule> read(const toml::table& table) {
        toml_.only(table, {"from", "to", "days", "zone", "blackout"}, "[window]");
        time(table, "from", made_.from);
        time(table, "to", made_.to);
        if (made_.from == made_.to || made_.from == std::chrono::hours(24))
            toml_.mistake(table, "[window]: from and to leave no time; leave both out for the whole day");
        if (const auto* node = table.get("days")) days(*node);
        if (const auto zone = toml_.text(table, "zone", false)) {
            made_.zone = *zone;
            const auto found = time_zone::find(*zone);
            if (*zone != zone_of_each_card && !found) toml_.mistake(*table.get("zone"), "zone", found.error());
        }
        if (const auto* node = table.get("blackout")) blackout(*node);
        return made_;
    }

private:
    void time(const toml::table& table, std::string_view key, std::chrono::minutes& into) {
        const auto text = toml_.text(table, key, false);
        if (!text) return;
        const auto read = time_of_day(*text);
        if (!read)
            toml_.mistake(*table.get(key), std::string(key) + ": expected a time of day in quotes, as in \"22:00\"");
        else
            into = *read;
    }

    void days(const toml::node& node) {
        const auto* list = node.as_array();
        if (list == nullptr || list->empty())
            return toml_.mistake(node, "days: expected days in quotes and brackets, as in [\"mon\", \"tue\"]");
        made_.days = {};
        for (const auto& one : *list) {
            const auto found = std::ranges::find(day_names, one.value_exact<std::string>().value_or(""));
            if (found == day_names.end())
                toml_.mistake(one, "days: expected mon, tue, wed, thu, fri, sat or sun, in quotes");
            else
                made_.days[static_cast<std::size_t>(found - day_names.begin())] = true;
        }
    }

    void blackout(const toml::node& node) {
        const auto* list = node.as_array();
        if (list == nullptr) return toml_.mistake(node, "blackout: expected dates in brackets, as in [\"2026-12-24\"]");
        if (list->size() > limits::blackout_days)
            return toml_.mistake(node, "blackout: more than " + std::to_string(limits::blackout_days) + " days");
        for (const auto& one : *list) {
            if (const auto date = date_of(one))
                made_.blackout.push_back(*date);
            else
                toml_.mistake(one, "blackout: expected a date, as in \"2026-12-24\"");
        }
    }

    checked_toml& toml_;
    window_rule made_;
};

}  // namespace

std::optional<window_rule> read_window(const toml::table& root, checked_toml& notes) {
    const auto* table = notes.section(root, "window", false);
    if (table == nullptr) return std::nullopt;
    return window_reader(notes).read(*table);
}

}  // namespace tessera::campaigns
