#include "sim/faults.h"

#include <gtest/gtest.h>

namespace tessera::sim {
namespace {

TEST(faults, default_to_none) {
    const auto plan = fault_plan::parse("", "f", 1);
    ASSERT_TRUE(plan);
    for (std::size_t kind = 0; kind < static_cast<std::size_t>(fault::count); ++kind)
        for (std::uint64_t card = 0; card < 1000; ++card)
            EXPECT_FALSE(plan->happens(static_cast<fault>(kind), card, 0));
    EXPECT_EQ(plan->delay, duration{0});
    EXPECT_EQ(plan->drop_link_every, duration{0});
}

TEST(faults, the_file_is_read) {
    const auto plan =
        fault_plan::parse("lose_submit = 0.25\ncard_off = 1\ndelay = \"50ms\"\ndrop_link_every = \"2s\"\n", "f", 7);
    ASSERT_TRUE(plan) << to_string(plan.error());
    EXPECT_EQ(plan->probability[static_cast<std::size_t>(fault::lose_submit)], 0.25);
    EXPECT_TRUE(plan->happens(fault::card_off, 1, 0));
    EXPECT_EQ(plan->delay, std::chrono::milliseconds(50));
    EXPECT_EQ(plan->drop_link_every, std::chrono::seconds(2));
    EXPECT_EQ(plan->seed, 7U);
}

TEST(faults, mistakes_are_named_by_line) {
    const auto refused = [](std::string_view text) {
        const auto plan = fault_plan::parse(text, "faults.toml", 1);
        return plan ? std::string("read") : plan.error().code + " " + plan.error().field;
    };
    EXPECT_EQ(refused("\nlose_sumbit = 0.1"), "unknown_key faults.toml:2 lose_sumbit");
    EXPECT_EQ(refused("throttle = 1.5"), "out_of_range faults.toml:1 throttle");
    EXPECT_EQ(refused("throttle = -0.1"), "out_of_range faults.toml:1 throttle");
    EXPECT_EQ(refused("throttle = nan"), "out_of_range faults.toml:1 throttle");
    EXPECT_EQ(refused("throttle = \"often\""), "out_of_range faults.toml:1 throttle");
    EXPECT_EQ(refused("delay = 50"), "bad_duration faults.toml:1 delay");
    EXPECT_EQ(refused("delay = \"50 miles\""), "bad_duration faults.toml:1 delay");
    EXPECT_EQ(refused("delay = "), "bad_fault_file faults.toml:1");
    EXPECT_EQ(refused("\n\xc5\xac = 1"), "bad_fault_file faults.toml:2");
    EXPECT_EQ(refused("\n [.@j"), "bad_fault_file faults.toml:2");
    EXPECT_EQ(fault_plan::load("/nonexistent/faults.toml", 1).error().code, "unreadable");
}

TEST(faults, derive_from_the_seed_and_nothing_else) {
    auto plan = fault_plan::parse("lose_submit = 0.5\nlose_response = 0.5\n", "f", 1).value();
    const auto same = fault_plan::parse("lose_response = 0.5\nlose_submit = 0.5\n", "f", 1).value();
    auto other = plan;
    other.seed = 2;
    int happened = 0, by_seed = 0, by_kind = 0, by_ordinal = 0;
    constexpr int trials = 10'000;
    for (std::uint64_t card = 0; card < trials; ++card) {
        const bool now = plan.happens(fault::lose_submit, card, 3);
        EXPECT_EQ(now, same.happens(fault::lose_submit, card, 3));
        happened += now ? 1 : 0;
        by_seed += now == other.happens(fault::lose_submit, card, 3) ? 1 : 0;
        by_kind += now == plan.happens(fault::lose_response, card, 3) ? 1 : 0;
        by_ordinal += now == plan.happens(fault::lose_submit, card, 4) ? 1 : 0;
    }
    // Half of the time, each; ten standard deviations of it are 500.
    for (const int count : {happened, by_seed, by_kind, by_ordinal}) EXPECT_NEAR(count, trials / 2, 500);
}

}  // namespace
}  // namespace tessera::sim
