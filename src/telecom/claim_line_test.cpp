#include "telecom/claim_line.h"

#include <gtest/gtest.h>

namespace tessera::telecom {
namespace {

TEST(claim_room, is_bounded_by_number_and_by_octets) {
    claim_room room(3, 100);
    EXPECT_TRUE(room.take(90));
    EXPECT_FALSE(room.take(11)) << "two long ones are more than three short ones";
    EXPECT_TRUE(room.take(10));
    EXPECT_TRUE(room.take(0));
    EXPECT_FALSE(room.take(0)) << "three are three";
    room.give_back(90);
    EXPECT_FALSE(room.take(91));
    EXPECT_TRUE(room.take(90));
}

}  // namespace
}  // namespace tessera::telecom
