#include "base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstring>
#include <new>
#include <ostream>
#include <type_traits>
#include <utility>

namespace tessera {
namespace {

constexpr std::array<std::uint8_t, 16> key{0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5,
                                           0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5};

template <class T>
concept printable = requires(std::ostream& out, const T& value) {
    out << value;
};

static_assert(!std::copyable<secret>, "copying is clone(), so that it is seen");
static_assert(std::is_nothrow_move_constructible_v<secret> && std::is_nothrow_move_assignable_v<secret>);
static_assert(!printable<secret>);
static_assert(!std::is_convertible_v<secret, byte_view>, "reading is reveal(), so that it is seen");

// How many octets of the key stand anywhere in an object's memory.
auto traces(const std::array<unsigned char, sizeof(secret)>& memory) {
    return std::ranges::count(memory, static_cast<unsigned char>(key[0]));
}

TEST(secret, holds_what_it_was_given) {
    const secret held(key);
    EXPECT_EQ(to_bytes(held.reveal()), to_bytes(key));
    EXPECT_EQ(held.size(), key.size());
    EXPECT_FALSE(held.empty());
    EXPECT_TRUE(secret().empty());
}

TEST(secret, leaves_nothing_in_memory_when_destroyed) {
    alignas(secret) std::array<unsigned char, sizeof(secret)> memory{};
    auto* held = new (memory.data()) secret(key);
    EXPECT_GE(traces(memory), 16);
    held->~secret();
    EXPECT_EQ(traces(memory), 0);
}

TEST(secret, moving_wipes_the_source) {
    alignas(secret) std::array<unsigned char, sizeof(secret)> memory{};
    auto* source = new (memory.data()) secret(key);
    secret taken(std::move(*source));
    EXPECT_EQ(traces(memory), 0);
    EXPECT_EQ(to_bytes(taken.reveal()), to_bytes(key));
    *source = secret(key);
    taken = std::move(*source);
    EXPECT_EQ(traces(memory), 0);
    EXPECT_EQ(taken, secret(key));
    source->~secret();
}

TEST(secret, moving_onto_itself_keeps_it) {
    secret held(key);
    auto& same = held;
    held = std::move(same);
    EXPECT_EQ(held, secret(key));
}

TEST(secret, assigning_a_shorter_one_leaves_no_tail) {
    alignas(secret) std::array<unsigned char, sizeof(secret)> memory{};
    auto* held = new (memory.data()) secret(key);
    *held = secret(bytes{1});
    EXPECT_EQ(traces(memory), 0);
    EXPECT_EQ(held->size(), 1U);
    held->~secret();
}

TEST(secret, resize_and_clear_start_from_zeros) {
    secret held(key);
    const auto room = held.resize(8);
    EXPECT_EQ(to_bytes(room), bytes(8, 0));
    held.clear();
    EXPECT_TRUE(held.empty());
    EXPECT_TRUE(held.reveal().empty());
}

TEST(secret, clone_is_a_second_one) {
    secret held(key);
    const auto copy = held.clone();
    held.clear();
    EXPECT_EQ(to_bytes(copy.reveal()), to_bytes(key));
}

TEST(secret, takes_64_octets_and_no_more) {
    EXPECT_EQ(secret(bytes(secret::capacity, 1)).size(), secret::capacity);
    EXPECT_DEATH(secret(bytes(secret::capacity + 1, 1)), "");
}

TEST(equal_constant_time, compares_all_octets_and_the_length) {
    bytes a(32, 7);
    EXPECT_TRUE(equal_constant_time(a, bytes(32, 7)));
    EXPECT_TRUE(equal_constant_time({}, {}));
    EXPECT_FALSE(equal_constant_time(a, bytes(31, 7)));
    EXPECT_FALSE(equal_constant_time(a, {}));
    for (std::size_t i = 0; i < a.size(); ++i)
        for (unsigned bit = 0; bit < 8; ++bit) {
            auto b = a;
            b[i] = static_cast<std::uint8_t>(b[i] ^ (1U << bit));
            EXPECT_FALSE(equal_constant_time(a, b)) << i;
        }
}

TEST(wipe, overwrites_exactly_the_span) {
    std::array<std::uint8_t, 4> octets{1, 2, 3, 4};
    wipe(std::span(octets).subspan(1, 2));
    EXPECT_EQ(octets, (std::array<std::uint8_t, 4>{1, 0, 0, 4}));
    wipe({});
}

}  // namespace
}  // namespace tessera
