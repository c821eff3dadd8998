// How long a run takes that begins now: by the links' speed, within the window of each wave's cards, and by the house's
// ration of short messages. What cards take to answer, and repeats, come on top.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "campaigns/types.h"

namespace tessera::limits {
inline constexpr int estimated_years = 10;                 // a run that takes longer is not followed to its end
inline constexpr std::size_t estimated_steps = 1'000'000;  // windows and rations that are looked at
}  // namespace tessera::limits

namespace tessera::campaigns {

// What is sent one after the other: a leg, or all of a campaign without waves.
struct estimated_part {
    std::int64_t short_messages = 0;
    std::string zone;  // of its cards; empty: the window's own
};

enum class run_limit : std::uint8_t { link, ration, window };

struct run_estimate {
    timestamp begins;                        // the first short message
    timestamp ends;                          // the last one
    int windows = 0;                         // in which something is sent; 0: there are none
    run_limit limited_by = run_limit::link;  // what takes most of the time between them
    bool whole = true;                       // false: the window does not open often enough, or not within years
};

// Where there is nothing to send, it begins and ends now. `sent`: short messages by minute since 1970 that count
// against the ration. Errors: bad_zone.
[[nodiscard]] result<run_estimate> estimate_run(const std::vector<estimated_part>& parts, double per_second,
                                                const std::optional<window_rule>& window, std::int64_t sends_per_hour,
                                                const std::map<std::int64_t, std::int64_t>& sent, timestamp now);

// A campaign's short messages cut as its legs cut its targets.
[[nodiscard]] std::vector<estimated_part> parts_of(std::int64_t short_messages, const std::vector<leg>& legs);

}  // namespace tessera::campaigns
