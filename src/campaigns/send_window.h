// When a campaign may send: a time of the local day, on some weekdays, but on no blackout day.
//
// A window from 22:00 to 05:00 belongs to the day on which it opens: with days = ["mon"] it goes from Monday 22:00 to
// Tuesday 05:00. A blackout day is closed from its midnight to the next one, whatever window reaches into it. Of a time
// that daylight saving repeats, the first one counts; one that it leaves out is the moment when it is left out.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/time_zone.h"

namespace tessera::limits {
inline constexpr std::size_t blackout_days = 1'000;      // of one campaign
inline constexpr int days_until_a_window_opens = 1'200;  // looked at before it is said to never open
}  // namespace tessera::limits

namespace tessera::campaigns {

inline constexpr std::string_view zone_of_each_card = "card";

struct window_rule {
    std::chrono::minutes from{0};                                        // since midnight
    std::chrono::minutes to{24 * 60};                                    // not after `from`: of the following day
    std::array<bool, 7> days{true, true, true, true, true, true, true};  // Monday first
    std::string zone = "UTC";                                            // or "card"
    std::vector<std::chrono::local_days> blackout;
};

class send_window {
public:
    send_window(const window_rule& rule, const time_zone& zone) : rule_(rule), zone_(zone) {}

    struct opening {
        timestamp from, to;
    };
    // The first time that it is open after `when`, or still is. Nothing: never, as far as can be seen.
    [[nodiscard]] std::optional<opening> next(timestamp when) const;

private:
    [[nodiscard]] std::vector<opening> on(std::chrono::local_days day) const;

    window_rule rule_;
    time_zone zone_;
};

}  // namespace tessera::campaigns
