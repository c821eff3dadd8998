#include "telecom/reference_book.h"

#include <gtest/gtest.h>

#include <set>

namespace tessera::telecom {
namespace {

using namespace std::chrono_literals;

constexpr subscriber_number one = 491701234567, other = 491701234568;

bytes packet(std::uint8_t mark) { return bytes(200, mark); }

class reference_book_test : public testing::Test {
protected:
    instant now{};
    reference_book book;
};

TEST_F(reference_book_test, two_packets_to_one_subscriber_never_share_a_reference) {
    EXPECT_EQ(book.take(one, packet(1), 7, now), 7);
    EXPECT_EQ(book.take(one, packet(2), 7, now), 8);
    EXPECT_EQ(book.take(one, packet(3), 7, now), 9);
    EXPECT_EQ(book.take(one, packet(4), 8, now), 10);
}

TEST_F(reference_book_test, another_subscriber_is_another_matter) {
    EXPECT_EQ(book.take(one, packet(1), 7, now), 7);
    EXPECT_EQ(book.take(other, packet(2), 7, now), 7);
}

TEST_F(reference_book_test, identical_octets_go_under_the_reference_they_had) {
    EXPECT_EQ(book.take(one, packet(1), 255, now), 255);
    EXPECT_EQ(book.take(one, packet(2), 255, now), 0);
    now += 1h;
    EXPECT_EQ(book.take(one, packet(2), 255, now), 0);
    EXPECT_EQ(book.take(one, packet(1), 255, now), 255);
    EXPECT_EQ(book.open(), 2U);
}

TEST_F(reference_book_test, a_reference_is_free_again_when_its_parts_have_had_their_time) {
    EXPECT_EQ(book.take(one, packet(1), 7, now), 7);
    now += limits::reference_open;
    EXPECT_EQ(book.take(one, packet(2), 7, now), 8);
    now += 1s;
    EXPECT_EQ(book.take(one, packet(3), 7, now), 7);
}

TEST_F(reference_book_test, sending_again_keeps_a_reference_open) {
    EXPECT_EQ(book.take(one, packet(1), 7, now), 7);
    now += limits::reference_open;
    EXPECT_EQ(book.take(one, packet(1), 7, now), 7);
    now += 1s;
    EXPECT_EQ(book.take(one, packet(2), 7, now), 8);
}

TEST_F(reference_book_test, all_256_are_used_before_the_oldest_is_taken_again) {
    std::set<std::uint8_t> taken;
    for (unsigned i = 0; i < 256; ++i, now += 1ms) taken.insert(book.take(one, bytes(150 + i, 1), 40, now));
    EXPECT_EQ(taken.size(), 256U);
    EXPECT_EQ(book.take(one, packet(2), 100, now), 40);
}

TEST_F(reference_book_test, remembers_a_bounded_number) {
    reference_book small(3, limits::reference_open);
    for (subscriber_number who = 1; who <= 100; ++who) EXPECT_EQ(small.take(who, packet(1), 7, now), 7);
    EXPECT_LE(small.open(), 4U);
}

}  // namespace
}  // namespace tessera::telecom
