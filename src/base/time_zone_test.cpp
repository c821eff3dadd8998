#include "base/time_zone.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

using namespace std::chrono;

timestamp utc(year_month_day day, int hour, int minute) { return sys_days(day) + hours(hour) + minutes(minute); }
local_seconds wall(year_month_day day, int hour, int minute) { return local_days(day) + hours(hour) + minutes(minute); }

TEST(time_zone, names_are_those_of_the_tz_database) {
    EXPECT_TRUE(time_zone::find("Europe/Berlin"));
    EXPECT_TRUE(time_zone::find("UTC"));
    for (const auto* name : {"", "Europe", "Berlin", "../../etc/passwd", "Europe/Berlin ", "card"})
        EXPECT_EQ(time_zone::find(name).error().code, "bad_zone") << name;
}

TEST(time_zone, an_instant_has_one_wall_time) {
    const auto berlin = time_zone::find("Europe/Berlin").value();
    EXPECT_EQ(berlin.local(utc(2026y / 1 / 15, 21, 0)), wall(2026y / 1 / 15, 22, 0));
    EXPECT_EQ(berlin.local(utc(2026y / 7 / 15, 20, 0)), wall(2026y / 7 / 15, 22, 0));
    EXPECT_EQ(time_zone::find("Asia/Kolkata").value().local(utc(2026y / 1 / 1, 0, 0)), wall(2026y / 1 / 1, 5, 30));
}

// 29 March 2026: 02:00 to 03:00 is left out in Berlin. 25 October 2026: 02:00 to 03:00 comes twice.
TEST(time_zone, daylight_saving_leaves_hours_out_and_repeats_others) {
    const auto berlin = time_zone::find("Europe/Berlin").value();
    EXPECT_EQ(berlin.first(wall(2026y / 3 / 29, 1, 59)), utc(2026y / 3 / 29, 0, 59));
    EXPECT_EQ(berlin.first(wall(2026y / 3 / 29, 2, 30)), utc(2026y / 3 / 29, 1, 0));
    EXPECT_EQ(berlin.first(wall(2026y / 3 / 29, 3, 0)), utc(2026y / 3 / 29, 1, 0));
    EXPECT_EQ(berlin.first(wall(2026y / 10 / 25, 2, 30)), utc(2026y / 10 / 25, 0, 30));
    EXPECT_EQ(berlin.first(wall(2026y / 10 / 25, 3, 0)), utc(2026y / 10 / 25, 2, 0));
}

}  // namespace
}  // namespace tessera
