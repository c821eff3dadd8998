// Time as the product uses it: wall time for records, monotonic time for time-outs, both handed in so that a run
// can be replayed.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tessera {

// Wall time, UTC, microseconds since 1970-01-01; what the database stores.
using timestamp = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
// Monotonic time; its epoch means nothing.
using instant = std::chrono::steady_clock::time_point;
using duration = std::chrono::nanoseconds;

class clock_port {
public:
    virtual ~clock_port() = default;
    [[nodiscard]] virtual timestamp now() const = 0;
    [[nodiscard]] virtual instant monotonic() const = 0;
};

// The machine's own clocks. Thread safe.
[[nodiscard]] const clock_port& system_clock();

[[nodiscard]] inline std::int64_t to_microseconds(timestamp when) { return when.time_since_epoch().count(); }
[[nodiscard]] inline timestamp from_microseconds(std::int64_t count) {
    return timestamp(std::chrono::microseconds(count));
}
[[nodiscard]] inline double seconds(duration span) { return std::chrono::duration<double>(span).count(); }

// "30s", "5m", "200ms", "2h", "1d"; zero and positive only, at most 10 years. Errors: bad_duration.
[[nodiscard]] result<duration> parse_duration(std::string_view text, std::string_view field = {});

// ISO 8601, UTC, milliseconds: 2026-11-21T23:55:27.123Z
[[nodiscard]] std::string to_iso8601(timestamp when);

}  // namespace tessera
