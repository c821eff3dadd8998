#include "campaigns/send_window.h"

#include <gtest/gtest.h>

namespace tessera::campaigns {
namespace {

using namespace std::chrono;

timestamp utc(year_month_day day, int hour, int minute = 0) { return sys_days(day) + hours(hour) + minutes(minute); }

window_rule night() {
    window_rule made;
    made.from = hours(22);
    made.to = hours(5);
    made.zone = "Europe/Berlin";
    return made;
}

// "from to", in UTC, or "never".
std::string next(const window_rule& rule, timestamp when) {
    const auto found = send_window(rule, time_zone::find(rule.zone).value()).next(when);
    return found ? to_iso8601(found->from).substr(0, 16) + " " + to_iso8601(found->to).substr(0, 16) : "never";
}

TEST(send_window, a_night_belongs_to_the_day_on_which_it_begins) {
    EXPECT_EQ(next(night(), utc(2026y / 1 / 15, 12)), "2026-01-15T21:00 2026-01-16T04:00");
    EXPECT_EQ(next(night(), utc(2026y / 1 / 16, 3, 59)), "2026-01-15T21:00 2026-01-16T04:00");
    EXPECT_EQ(next(night(), utc(2026y / 1 / 16, 4)), "2026-01-16T21:00 2026-01-17T04:00");  // the end is outside
    auto mondays = night();
    mondays.days = {true};
    // 19 January 2026 is a Monday.
    EXPECT_EQ(next(mondays, utc(2026y / 1 / 16, 12)), "2026-01-19T21:00 2026-01-20T04:00");
    EXPECT_EQ(next(mondays, utc(2026y / 1 / 20, 3)), "2026-01-19T21:00 2026-01-20T04:00");
    EXPECT_EQ(next(mondays, utc(2026y / 1 / 20, 21)), "2026-01-26T21:00 2026-01-27T04:00");
}

TEST(send_window, a_window_within_the_day_and_one_of_all_days) {
    auto noon = night();
    noon.from = hours(11), noon.to = hours(13) + minutes(30);
    EXPECT_EQ(next(noon, utc(2026y / 7 / 1, 10)), "2026-07-01T09:00 2026-07-01T11:30");
    EXPECT_EQ(next(noon, utc(2026y / 7 / 1, 11, 30)), "2026-07-02T09:00 2026-07-02T11:30");
    window_rule always;
    always.zone = "UTC";
    const auto found = send_window(always, time_zone::find("UTC").value()).next(utc(2026y / 7 / 1, 10));
    EXPECT_LE(found->from, utc(2026y / 7 / 1, 0));
    EXPECT_GE(found->to, utc(2027y / 7 / 1, 0));
    auto workdays = always;
    workdays.days = {true, true, true, true, true};
    EXPECT_EQ(next(workdays, utc(2026y / 1 / 17, 10)), "2026-01-19T00:00 2026-01-24T00:00");
}

// Berlin: 29 March 2026, 02:00 becomes 03:00; 25 October 2026, 03:00 becomes 02:00.
TEST(send_window, a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn) {
    EXPECT_EQ(next(night(), utc(2026y / 3 / 28, 12)), "2026-03-28T21:00 2026-03-29T03:00");
    EXPECT_EQ(next(night(), utc(2026y / 10 / 24, 12)), "2026-10-24T20:00 2026-10-25T04:00");
}

TEST(send_window, times_that_are_left_out_or_come_twice) {
    auto small = night();
    small.from = hours(2) + minutes(10), small.to = hours(2) + minutes(40);
    EXPECT_EQ(next(small, utc(2026y / 3 / 28, 12)), "2026-03-30T00:10 2026-03-30T00:40");  // on the 29th there is none
    EXPECT_EQ(next(small, utc(2026y / 10 / 24, 12)), "2026-10-25T00:10 2026-10-25T00:40");
    EXPECT_EQ(next(small, utc(2026y / 10 / 25, 0, 40)), "2026-10-26T01:10 2026-10-26T01:40");
    auto later = night();
    later.from = hours(2) + minutes(30), later.to = hours(4);
    EXPECT_EQ(next(later, utc(2026y / 3 / 28, 12)), "2026-03-29T01:00 2026-03-29T02:00");
}

TEST(send_window, a_blackout_day_is_closed_from_midnight_to_midnight) {
    auto rule = night();
    rule.blackout = {local_days(2026y / 12 / 24)};
    // The night before ends at midnight, and the night of that day begins at midnight.
    EXPECT_EQ(next(rule, utc(2026y / 12 / 23, 12)), "2026-12-23T21:00 2026-12-23T23:00");
    EXPECT_EQ(next(rule, utc(2026y / 12 / 23, 23)), "2026-12-24T23:00 2026-12-25T04:00");
    rule.blackout.push_back(local_days(2026y / 12 / 25));
    EXPECT_EQ(next(rule, utc(2026y / 12 / 23, 23)), "2026-12-25T23:00 2026-12-26T04:00");
}

TEST(send_window, each_zone_has_its_own_night) {
    auto rule = night();
    rule.zone = "America/New_York";
    EXPECT_EQ(next(rule, utc(2026y / 1 / 15, 12)), "2026-01-16T03:00 2026-01-16T10:00");
    rule.zone = "Asia/Kolkata";
    EXPECT_EQ(next(rule, utc(2026y / 1 / 15, 12)), "2026-01-15T16:30 2026-01-15T23:30");
}

TEST(send_window, one_that_never_opens_says_so) {
    auto rule = night();
    rule.from = hours(0), rule.to = hours(24), rule.days = {};
    EXPECT_EQ(next(rule, utc(2026y / 1 / 15, 12)), "never");
}

}  // namespace
}  // namespace tessera::campaigns
