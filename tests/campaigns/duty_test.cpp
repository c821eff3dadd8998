#include "campaigns/duty.h"

#include <gtest/gtest.h>

#include "campaign_world.h"

namespace tessera::campaigns {
namespace {

timestamp at(int second) { return from_microseconds(1'000'000LL * second); }

TEST(duty, is_one_process_s_until_it_leaves_or_its_lease_is_over) {
    world here;
    const auto take = [&](std::string_view who, int now) {
        return take_duty(*here.writer, "settle", who, at(now), at(now + 10)).value();
    };
    EXPECT_TRUE(take("a", 0));
    EXPECT_FALSE(take("b", 10));
    EXPECT_TRUE(take("a", 10));  // lasts longer
    EXPECT_FALSE(take("b", 20));
    EXPECT_TRUE(take("b", 21));
    EXPECT_FALSE(take("a", 22));
    EXPECT_TRUE(take_duty(*here.writer, "other", "a", at(22), at(32)).value());
    leave_duty(*here.writer, "settle", "a").value();  // not its own
    EXPECT_FALSE(take("a", 22));
    leave_duty(*here.writer, "settle", "b").value();
    EXPECT_TRUE(take("a", 22));
}

}  // namespace
}  // namespace tessera::campaigns
