#include "codec/apdu.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::codec {
namespace {

TEST(apdu, is_written_in_the_short_form) {
    const bytes content{0x01, 0x02};
    bytes out;
    append_apdu(out, {.cla = 0x00, .ins = instruction::update_binary, .p1 = 0, .p2 = 5, .data = content});
    EXPECT_EQ(to_hex(out), "00d60005020102");
    out.clear();
    append_apdu(out, {.cla = 0xa0, .ins = instruction::read_binary, .p1 = 0, .p2 = 0, .expected = 256});
    EXPECT_EQ(to_hex(out), "a0b0000000");
    out.clear();
    append_apdu(out, {.cla = 0x00, .ins = instruction::verify, .p1 = 0, .p2 = 1});
    EXPECT_EQ(to_hex(out), "0020000100");
}

TEST(apdu, status_words_are_described) {
    EXPECT_EQ(describe_status_word(0x6a82), "6a82 file not found");
    EXPECT_EQ(describe_status_word(0x9000), "9000 done");
    EXPECT_EQ(describe_status_word(0x63c2), "63c2 verification failed, low digit is the attempts left");
    EXPECT_EQ(describe_status_word(0x9404), "9404 file not found");
    EXPECT_EQ(describe_status_word(0x6c10), "6c10 wrong length, the second octet is the right one");
    EXPECT_EQ(describe_status_word(0x1234), "1234 unknown status word");
}

TEST(apdu, success_is_what_the_standard_says) {
    for (const int word : {0x9000, 0x9110, 0x9f17, 0x6120, 0x63c3, 0x9201})
        EXPECT_TRUE(is_success(static_cast<std::uint16_t>(word))) << word;
    for (const int word : {0x6a82, 0x6982, 0x9404, 0x9804, 0x6700, 0x9240, 0x6c05, 0x0000, 0x63f1, 0x9300})
        EXPECT_FALSE(is_success(static_cast<std::uint16_t>(word))) << word;
}

}  // namespace
}  // namespace tessera::codec
