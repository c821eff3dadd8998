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

// P2 of a campaign, before anything of it has left.
campaign about_to_speak(world& here, const campaign_options& options = {}) {
    here.progress.when_began = [&](phase which) {
        if (which == phase::exchange) here.stop = true;
    };
    const auto made = here.create(options);
    EXPECT_EQ(here.conduct_now(made), run_end::interrupted);
    here.progress.when_began = {};
    here.stop = false;
    return here.summary(made).subject;
}

TEST(duty, who_waits_for_the_one_that_speaks_says_so) {
    world here({.cards = 5});
    const auto first = about_to_speak(here, {.name = "first"});
    const auto second = about_to_speak(here, {.name = "second"});
    take_duty(*here.writer, duty_exchange, first.id, at(0), at(10)).value();
    const auto waits = [&](const campaign& which, int now) {
        return waits_of(*here.writer, which, 0, at(now)).value();
    };
    const auto found = waits(second, 10);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(to_string(found.front().what), "exchange");
    EXPECT_EQ(describe(found), "campaign \"first\" " + first.id + ", which exchanges with its cards");
    EXPECT_TRUE(waits(first, 10).empty());
    EXPECT_TRUE(waits(second, 11).empty());
}

TEST(duty, a_cancelled_campaign_that_is_settled_keeps_no_other_from_speaking) {
    world here({.cards = 5});
    const auto made = about_to_speak(here);
    const auto now = system_clock().now();
    take_duty(*here.writer, duty_exchange, made.id, now, now + std::chrono::hours(1)).value();
    here.cancel(made);
    EXPECT_FALSE(duty_holder(*here.writer, duty_exchange, now).value());
}

}  // namespace
}  // namespace tessera::campaigns
