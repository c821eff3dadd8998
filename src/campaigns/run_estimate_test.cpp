#include "campaigns/run_estimate.h"

#include <gtest/gtest.h>

namespace tessera::campaigns {
namespace {

using namespace std::chrono;

timestamp utc(year_month_day day, int hour, int minute = 0) { return sys_days(day) + hours(hour) + minutes(minute); }
const timestamp noon = utc(2026y / 1 / 15, 12);  // a Thursday

window_rule nights(int from, int to) {
    window_rule made;
    made.from = hours(from);
    made.to = hours(to);
    return made;
}

run_estimate estimated(std::int64_t messages, double per_second, const std::optional<window_rule>& window = {},
                       std::int64_t sends_per_hour = 0, const std::map<std::int64_t, std::int64_t>& sent = {}) {
    return estimate_run({{messages, {}}}, per_second, window, sends_per_hour, sent, noon).value();
}

TEST(run_estimate, without_limits_only_the_link_counts) {
    const auto found = estimated(3'600, 1);
    EXPECT_EQ(found.begins, noon);
    EXPECT_EQ(found.ends, noon + hours(1));
    EXPECT_EQ(found.limited_by, run_limit::link);
    EXPECT_EQ(found.windows, 0);
    EXPECT_EQ(estimated(0, 1).ends, noon);
}

TEST(run_estimate, a_run_that_fits_one_night_begins_with_it) {
    const auto found = estimated(3'600, 1, nights(22, 5));
    EXPECT_EQ(found.begins, utc(2026y / 1 / 15, 22));
    EXPECT_EQ(found.ends, utc(2026y / 1 / 15, 23));
    EXPECT_EQ(found.windows, 1);
    EXPECT_EQ(found.limited_by, run_limit::link);
}

TEST(run_estimate, what_one_night_does_not_take_goes_in_the_next_ones) {
    const auto found = estimated(7 * 3'600 * 2 + 3'600, 1, nights(22, 5));
    EXPECT_EQ(found.ends, utc(2026y / 1 / 17, 23));
    EXPECT_EQ(found.windows, 3);
    EXPECT_EQ(found.limited_by, run_limit::window);
    auto weekdays = nights(22, 5);
    weekdays.days = {false, false, false, true, false, false, false};  // Thursdays
    EXPECT_EQ(estimated(7 * 3'600 * 2 + 3'600, 1, weekdays).ends, utc(2026y / 1 / 29, 23));
}

TEST(run_estimate, the_ration_spreads_a_run_over_hours) {
    const auto found = estimated(2'500, 1'000, {}, 1'000);
    EXPECT_EQ(found.ends, noon + hours(2) + milliseconds(500));
    EXPECT_EQ(found.limited_by, run_limit::ration);
    // What others have sent in this hour counts.
    const auto minute = floor<minutes>(noon).time_since_epoch().count();
    EXPECT_EQ(estimated(100, 1'000, {}, 1'000, {{minute - 30, 1'000}}).begins, noon + minutes(30));
    EXPECT_EQ(estimated(100, 1'000, {}, 1'000, {{minute - 60, 1'000}}).begins, noon);
}

TEST(run_estimate, both_together) {
    // Seven hours a night, a thousand in each.
    const auto found = estimated(15'000, 1'000, nights(22, 5), 1'000);
    EXPECT_EQ(found.windows, 3);
    EXPECT_EQ(floor<minutes>(found.ends), utc(2026y / 1 / 17, 22));
}

TEST(run_estimate, waves_go_one_after_the_other_each_in_its_zone) {
    const auto parts = parts_of(1'000, {{1, 1, "Europe/Berlin", 300, 0, 0}, {2, 1, "America/New_York", 700, 0, 0}});
    EXPECT_EQ(parts[0].short_messages, 300);
    EXPECT_EQ(parts[1].short_messages, 700);
    auto window = nights(22, 5);
    window.zone = std::string(zone_of_each_card);
    const auto found = estimate_run(parts, 1'000, window, 0, {}, noon).value();
    EXPECT_EQ(found.begins, utc(2026y / 1 / 15, 21));
    EXPECT_EQ(floor<minutes>(found.ends), utc(2026y / 1 / 16, 3));
    EXPECT_EQ(found.windows, 2);
}

TEST(run_estimate, a_window_that_never_opens_or_would_for_too_long_is_said) {
    auto never = nights(22, 5);
    never.days = {};
    EXPECT_FALSE(estimated(1, 1, never).whole);
    EXPECT_FALSE(estimated(1'000'000'000, 1, nights(22, 23)).whole);
    EXPECT_FALSE(estimated(1'000'000'000, 1, {}, 1).whole);
}

}  // namespace
}  // namespace tessera::campaigns
