#include "telecom/seen_messages.h"

#include <gtest/gtest.h>

#include <string>

namespace tessera::telecom {
namespace {

TEST(seen_messages, forgets_the_oldest) {
    seen_messages seen;
    const auto add = [&](std::uint64_t number) {
        const auto text = std::to_string(number);
        return seen.add(1, as_bytes(text), {number, false});
    };
    for (std::uint64_t i = 0; i < 2 * limits::seen_messages + 1; ++i) ASSERT_FALSE(add(i));
    const auto known = add(limits::seen_messages);
    ASSERT_TRUE(known);
    EXPECT_EQ(known->batch, limits::seen_messages);
    EXPECT_FALSE(add(0));
}

TEST(seen_messages, tells_with_which_batch_a_message_is_stored) {
    seen_messages seen;
    const bytes octets{1, 2, 3};
    const auto in_batch = [&](std::uint64_t batch, bool awaited) {
        const auto known = seen.add(1, octets, {batch, awaited});
        return known ? std::optional<std::uint64_t>(known->batch) : std::nullopt;
    };
    EXPECT_EQ(in_batch(4, false), std::nullopt);
    EXPECT_EQ(in_batch(5, false), 4U);
    EXPECT_EQ(in_batch(6, true), std::nullopt);  // a stranger's does not count for it
    EXPECT_EQ(in_batch(7, true), 6U);
    EXPECT_EQ(in_batch(8, false), 6U);
    EXPECT_FALSE(seen.add(2, octets, {8, false}));
    EXPECT_EQ(seen.find(1, octets)->batch, 6U);
    EXPECT_TRUE(seen.find(1, octets)->awaited);
    EXPECT_FALSE(seen.find(3, octets));
    EXPECT_FALSE(seen.add(3, octets, {9, false}));
}

}  // namespace
}  // namespace tessera::telecom
