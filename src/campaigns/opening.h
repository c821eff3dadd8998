// When a campaign may send: within its window, and when the house's ration of short messages has room.
#pragma once

#include <optional>
#include <string_view>

#include "campaigns/course.h"

namespace tessera::campaigns {

enum class send_limit : std::uint8_t { none, window, ration };
[[nodiscard]] std::string_view to_string(send_limit what);  // "the window", "sends_per_hour"

struct send_opening {
    timestamp from;               // not after `now`: something may be sent now
    std::optional<timestamp> to;  // until then, where there is an end of it
    send_limit what{};            // what has to be waited for
};

// Sending is not allowed at any time.
[[nodiscard]] inline bool is_restricted(const definition& what, std::int64_t sends_per_hour) {
    return what.window.has_value() || sends_per_hour > 0;
}

// As it looks now, for the cards of a round. Errors: closed_window (it does not open any more), bad_zone.
[[nodiscard]] result<send_opening> next_opening(store::connection& database, const definition& what, const course& legs,
                                                int round, std::int64_t sends_per_hour, timestamp now);

}  // namespace tessera::campaigns
