#include "base/iso8601.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(iso8601, times_are_read_as_they_are_written) {
    const auto when = from_microseconds(1'795'336'200'123'000);
    EXPECT_EQ(parse_iso8601(to_iso8601(when)), when);
    EXPECT_EQ(parse_iso8601("2026-11-22T08:30:00.123456Z").value(),
              parse_iso8601("2026-11-22T08:30:00Z").value() + std::chrono::microseconds(123'456));
    EXPECT_EQ(to_iso8601(parse_iso8601("2026-11-22T08:30:00+01:00").value()), "2026-11-22T07:30:00.000Z");
    EXPECT_EQ(to_iso8601(parse_iso8601("2026-11-22T23:30:59.5-02:30").value()), "2026-11-23T02:00:59.500Z");
}

TEST(iso8601, what_is_no_time_is_refused) {
    for (const auto* bad : {"", "2026-11-22", "2026-11-22T08:30:00", "2026-02-30T08:30:00Z", "2026-11-22T24:30:00Z",
                            "2026-11-22T08:60:00Z", "2026-11-22T08:30:60Z", "2026-11-22T08:30:00.Z",
                            "2026-11-22T08:30:00.1234567Z", "2026-11-22T08:30:00Z ", "1969-11-22T08:30:00Z"})
        EXPECT_EQ(parse_iso8601(bad, "at").error().code, "bad_time") << bad;
}

}  // namespace
}  // namespace tessera
