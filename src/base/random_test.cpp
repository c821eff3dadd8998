#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace tessera {
namespace {

TEST(seeded_random, is_splitmix64) {
    // Reference values of the published splitmix64.c for the state 1234567.
    seeded_random random(1'234'567);
    EXPECT_EQ(random.next(), 6'457'827'717'110'365'317U);
    EXPECT_EQ(random.next(), 3'203'168'211'198'807'973U);
    EXPECT_EQ(random.next(), 9'817'491'932'198'370'423U);
}

TEST(seeded_random, replays_from_its_seed) {
    seeded_random one(42);
    seeded_random other(42);
    seeded_random different(43);
    std::vector<std::uint8_t> a(100);
    std::vector<std::uint8_t> b(100);
    std::vector<std::uint8_t> c(100);
    one.fill(a);
    other.fill(b);
    different.fill(c);
    EXPECT_EQ(a, b);
    EXPECT_NE(a, c);
}

TEST(seeded_random, below_stays_below_and_reaches_all) {
    seeded_random random(7);
    std::array<int, 6> seen{};
    for (int i = 0; i < 6'000; ++i) {
        const auto value = random.below(seen.size());
        ASSERT_LT(value, seen.size());
        ++seen.at(value);
    }
    EXPECT_GT(*std::ranges::min_element(seen), 800);
    EXPECT_EQ(random.below(1), 0U);
}

TEST(seeded_random, chance_keeps_to_its_probability) {
    seeded_random random(11);
    int never = 0;
    int always = 0;
    int tenth = 0;
    for (int i = 0; i < 20'000; ++i) {
        never += static_cast<int>(random.chance(0.0));
        always += static_cast<int>(random.chance(1.0));
        tenth += static_cast<int>(random.chance(0.1));
    }
    EXPECT_EQ(never, 0);
    EXPECT_EQ(always, 20'000);
    EXPECT_NEAR(tenth, 2'000, 150);
}

TEST(mix64, spreads_neighbours) {
    std::set<std::uint64_t> high_bits;
    for (std::uint64_t i = 0; i < 4'096; ++i) high_bits.insert(mix64(i) >> 52U);
    EXPECT_GT(high_bits.size(), 2'400U) << "4,096 balls thrown at random into 4,096 boxes hit about 2,589";
}

TEST(system_random, fills_all_of_it) {
    std::array<std::uint8_t, 4'096> octets{};
    system_random().fill(octets);
    // 16 expected; a part left out would be hundreds.
    EXPECT_LT(std::ranges::count(octets, std::uint8_t{0}), 64);
    std::array<std::uint8_t, 4'096> again{};
    system_random().fill(again);
    EXPECT_NE(octets, again);
    system_random().fill({});
}

}  // namespace
}  // namespace tessera
