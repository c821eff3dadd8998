#include "base/time.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace tessera {
namespace {

class machine_clock final : public clock_port {
public:
    timestamp now() const override {
        return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    }
    instant monotonic() const override { return std::chrono::steady_clock::now(); }
};

struct unit {
    std::string_view suffix;
    std::int64_t nanoseconds;
};
constexpr std::array<unit, 7> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"ms", 1'000'000},
                                     {"s", 1'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"h", 3'600'000'000'000},
                                     {"d", 86'400'000'000'000}}};
constexpr std::int64_t longest = 3'650 * 86'400'000'000'000;

}  // namespace

const clock_port& system_clock() {
    static const machine_clock clock;
    return clock;
}

result<duration> parse_duration(std::string_view text, std::string_view field) {
    const auto refuse = [&] {
        return failure("bad_duration", field,
                       "expected a number and a unit (ms, s, m, h, d), as in 30s or 5m; got \"" +
                           std::string(text.substr(0, 40)) + "\"");
    };
    std::int64_t count = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (problem != std::errc() || count < 0) return refuse();
    const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
    for (const auto& unit : units)
        if (suffix == unit.suffix) {
            if (count > longest / unit.nanoseconds) return refuse();
            return duration(count * unit.nanoseconds);
        }
    return refuse();
}

std::string to_iso8601(timestamp when) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(when);
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(when - whole).count();
    const std::time_t seconds = whole.time_since_epoch().count();
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> day{};
    const auto length = std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::array<char, 8> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(milliseconds));
    return std::string(day.data(), length) + fraction.data();
}

}  // namespace tessera
