#include "codec/remote_management.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::codec {
namespace {

bytes octets(std::string_view hex) { return from_hex(hex).value(); }

TEST(compact_script, data_commands_carry_lc_and_reading_ones_le) {
    const auto script = octets("00a40804047f206f4600d6000003aabbcc00b0000010a0b2010400");
    const auto commands = parse_compact_script(script);
    ASSERT_TRUE(commands) << to_string(commands.error());
    ASSERT_EQ(commands->size(), 4U);
    EXPECT_EQ((*commands)[0].ins, instruction::select);
    EXPECT_EQ(to_hex((*commands)[0].data), "7f206f46");
    EXPECT_EQ(to_hex((*commands)[1].data), "aabbcc");
    EXPECT_EQ((*commands)[2].expected, 16);
    EXPECT_EQ((*commands)[3].cla, 0xa0);
    EXPECT_EQ((*commands)[3].expected, 256);
}

TEST(compact_script, get_status_has_data_and_status_has_not) {
    const auto script = octets(
        "80f2000000"
        "80f24000024f00");
    const auto commands = parse_compact_script(script);
    ASSERT_TRUE(commands);
    ASSERT_EQ(commands->size(), 2U);
    EXPECT_TRUE((*commands)[0].data.empty());
    EXPECT_EQ(to_hex((*commands)[1].data), "4f00");
}

TEST(compact_script, what_append_apdu_wrote_is_read_back) {
    const auto content = octets("0154657373657261");
    bytes script;
    append_apdu(script, {.ins = instruction::update_binary, .data = content});
    append_apdu(script, {.ins = instruction::read_binary, .expected = 8});
    const auto commands = parse_compact_script(script);
    ASSERT_TRUE(commands);
    ASSERT_EQ(commands->size(), 2U);
    EXPECT_EQ(to_hex((*commands)[0].data), to_hex(content));
    EXPECT_EQ((*commands)[1].expected, 8);
}

TEST(compact_script, errors_name_the_command) {
    const auto short_data = parse_compact_script(octets("00b000000100d6000003aabb"));
    ASSERT_FALSE(short_data);
    EXPECT_EQ(short_data.error().code, "truncated");
    EXPECT_EQ(short_data.error().field, "script command 2");
    const auto short_header = parse_compact_script(octets("00a40000"));
    ASSERT_FALSE(short_header);
    EXPECT_EQ(short_header.error().code, "truncated");
    const auto unknown = parse_compact_script(octets("00ff000000"));
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, "unknown_instruction");
}

TEST(compact_script, holds_256_commands_and_no_more) {
    bytes script;
    for (int i = 0; i < 256; ++i) append(script, octets("00b0000001"));
    EXPECT_TRUE(parse_compact_script(script));
    append(script, octets("00b0000001"));
    const auto refused = parse_compact_script(script);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "too_many_commands");
}

TEST(compact_response, both_ways) {
    bytes out;
    const auto data = octets("0102");
    append_compact_response(out, {.executed = 2, .status_word = 0x9000, .data = data});
    EXPECT_EQ(to_hex(out), "0290000102");
    const auto read = parse_compact_response(out);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->executed, 2);
    EXPECT_EQ(read->status_word, 0x9000);
    EXPECT_EQ(to_hex(read->data), "0102");
}

TEST(compact_response, of_a_card_that_ran_nothing_is_empty) {
    const auto read = parse_compact_response({});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->executed, 0);
    EXPECT_FALSE(parse_compact_response(octets("0190")));
}

}  // namespace
}  // namespace tessera::codec
