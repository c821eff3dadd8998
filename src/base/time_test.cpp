#include "base/time.h"

#include <gtest/gtest.h>

#include <string>

namespace tessera {
namespace {

using namespace std::chrono_literals;

TEST(parse_duration, reads_a_number_and_a_unit) {
    EXPECT_EQ(parse_duration("30s").value(), 30s);
    EXPECT_EQ(parse_duration("5m").value(), 5min);
    EXPECT_EQ(parse_duration("200ms").value(), 200ms);
    EXPECT_EQ(parse_duration("2h").value(), 2h);
    EXPECT_EQ(parse_duration("1d").value(), 24h);
    EXPECT_EQ(parse_duration("7us").value(), 7us);
    EXPECT_EQ(parse_duration("0s").value(), 0s);
    EXPECT_EQ(parse_duration("007m").value(), 7min);
}

TEST(parse_duration, goes_up_to_ten_years_in_every_unit) {
    EXPECT_EQ(parse_duration("3650d").value(), 87'600h);
    EXPECT_FALSE(parse_duration("3651d"));
    EXPECT_EQ(parse_duration("87600h").value(), 87'600h);
    EXPECT_FALSE(parse_duration("87601h"));
    EXPECT_TRUE(parse_duration("315360000000000000ns"));
    EXPECT_FALSE(parse_duration("315360000000000001ns"));
}

TEST(parse_duration, refuses_everything_else) {
    for (const auto* text : {"", "s", "30", "30 s", " 30s", "30s ", "-1s", "+1s", "1.5s", "1e3s", "30S", "30sec",
                             "1m30s", "0x10s", "9223372036854775808s", "99999999999999999999999d"})
        EXPECT_FALSE(parse_duration(text)) << '"' << text << '"';
}

TEST(parse_duration, names_the_field_and_repeats_a_long_text_in_part_only) {
    const auto problem = parse_duration(std::string(10'000, 'x'), "por_timeout").error();
    EXPECT_EQ(problem.code, "bad_duration");
    EXPECT_EQ(problem.field, "por_timeout");
    EXPECT_LT(problem.message.size(), 200U);
}

TEST(iso8601, writes_utc_with_milliseconds) {
    EXPECT_EQ(to_iso8601(from_microseconds(0)), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(to_iso8601(from_microseconds(951'782'400'000'000)), "2000-02-29T00:00:00.000Z");
    EXPECT_EQ(to_iso8601(from_microseconds(4'102'444'799'999'999)), "2099-12-31T23:59:59.999Z");
}

TEST(iso8601, cuts_microseconds_instead_of_rounding_into_the_next_second) {
    EXPECT_EQ(to_iso8601(from_microseconds(999'999)), "1970-01-01T00:00:00.999Z");
    EXPECT_EQ(to_iso8601(from_microseconds(1'000)), "1970-01-01T00:00:00.001Z");
}

TEST(iso8601, before_1970_the_fraction_still_counts_forward) {
    EXPECT_EQ(to_iso8601(from_microseconds(-1'000)), "1969-12-31T23:59:59.999Z");
}

TEST(iso8601, microseconds_are_what_the_database_gets_back) {
    for (const std::int64_t count : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'764'000'000'123'456}})
        EXPECT_EQ(to_microseconds(from_microseconds(count)), count);
}

TEST(machine_clock, monotonic_time_does_not_go_back) {
    const auto& clock = system_clock();
    auto before = clock.monotonic();
    for (int i = 0; i < 1'000; ++i) {
        const auto now = clock.monotonic();
        ASSERT_GE(now, before);
        before = now;
    }
    EXPECT_GT(to_microseconds(clock.now()), 1'700'000'000'000'000);
}

TEST(duration, in_seconds) { EXPECT_DOUBLE_EQ(seconds(1'500ms), 1.5); }

}  // namespace
}  // namespace tessera
