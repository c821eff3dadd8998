#include "operations/setting.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "operations/packet_builder.h"

namespace tessera::operations {
namespace {

file_write setting(std::string_view name, std::string_view text) {
    return {std::string(setting_prefix) + std::string(name), 0, to_bytes(as_bytes(text))};
}

TEST(setting, several_go_into_one_script_as_far_as_they_fit) {
    const std::vector<file_write> settings{setting("a", "one"), setting("b", "two"), setting("c", "three")};
    const auto scripts = setting_scripts(settings, 16);
    ASSERT_EQ(scripts.size(), 2U);
    EXPECT_EQ(to_hex(scripts[0].octets),
              "0100050161"
              "6f6e65"
              "0100050162"
              "74776f");
    EXPECT_EQ(scripts[0].commands, 2);
    EXPECT_EQ(to_hex(scripts[1].octets),
              "0100070163"
              "7468726565");
    EXPECT_EQ(scripts[1].commands, 1);
    EXPECT_TRUE(setting_fits(settings[2], 10));
    EXPECT_FALSE(setting_fits(settings[2], 9));
}

TEST(setting, reading_back_must_show_where_the_content_ends) {
    const std::vector<file_write> settings{setting("a", std::string(250, 'x'))};
    const auto reads = setting_read_scripts(settings, read_back_piece_octets);
    ASSERT_EQ(reads.size(), 2U);
    EXPECT_EQ(to_hex(reads[0].commands.octets),
              "0200060161"
              "0000"
              "00c8");
    EXPECT_EQ(reads[0].expect, expectation::contents);
    EXPECT_EQ(to_hex(reads[1].commands.octets),
              "0200060161"
              "00c8"
              "0033");  // fifty and one
    EXPECT_EQ(reads[1].expect, expectation::exactly);
    EXPECT_EQ(reads[1].expected.size(), 50U);
}

// An answer that fits one short message: UDH with ports 7, response header 13, CC 8, padding 15, compact answer 3.
TEST(setting, where_answers_have_one_part_only_a_piece_fits_it) {
    const std::vector<file_write> settings{setting("a", std::string(93, 'x'))};
    const auto reads = setting_read_scripts(settings, lone_answer_octets);
    ASSERT_EQ(reads.size(), 1U);
    EXPECT_EQ(7U + 13U + 8U + 15U + 3U + reads[0].expected.size() + 1U, 140U);
}

TEST(setting, headers_with_ports_leave_less_for_a_script) {
    for (const std::size_t parts : {1U, 2U, 5U}) EXPECT_LT(script_octets_max(parts, true), script_octets_max(parts));
    EXPECT_EQ(script_octets_max(1, true), 140U - 7U - 16U - 8U - 15U);
    EXPECT_EQ(script_octets_max(2, true), 2U * 127U - 16U - 8U - 15U);
}

}  // namespace
}  // namespace tessera::operations
