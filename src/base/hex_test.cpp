#include "base/hex.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace tessera {
namespace {

bytes all_octets() {
    bytes all(256);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
    return all;
}

TEST(hex, every_octet_survives_the_way_there_and_back) {
    const auto text = to_hex(all_octets());
    ASSERT_EQ(text.size(), 512U);
    EXPECT_EQ(text.substr(0, 8), "00010203");
    EXPECT_EQ(text.substr(504), "fcfdfeff");
    EXPECT_EQ(from_hex(text).value(), all_octets());
}

TEST(hex, reads_both_cases_and_writes_lower) {
    EXPECT_EQ(from_hex("aBCdeF09").value(), (bytes{0xab, 0xcd, 0xef, 0x09}));
    EXPECT_EQ(to_hex(bytes{0xAB, 0x0F}), "ab0f");
}

TEST(hex, nothing_is_no_octets) {
    EXPECT_EQ(to_hex({}), "");
    EXPECT_TRUE(from_hex("").value().empty());
}

TEST(hex, refuses_every_character_that_is_no_digit) {
    for (int c = 0; c < 256; ++c) {
        const std::string text{'0', static_cast<char>(c)};
        EXPECT_EQ(from_hex(text).has_value(), c < 128 && std::isxdigit(c) != 0) << "character " << c;
    }
}

TEST(hex, refuses_what_integer_parsers_accept) {
    for (const auto* text : {"0x", "+1", "-1", " 1", "1 ", "1\n"}) EXPECT_FALSE(from_hex(text)) << text;
}

TEST(hex, the_error_names_field_and_position_and_never_the_text) {
    const auto problem = from_hex("00112233zz", "kic_key").error();
    EXPECT_EQ(problem.code, "bad_hex");
    EXPECT_EQ(problem.field, "kic_key");
    EXPECT_NE(problem.message.find("position 9"), std::string::npos) << problem.message;
    EXPECT_EQ(problem.message.find("2233"), std::string::npos) << "it may be a key";
    EXPECT_NE(from_hex("0z").error().message.find("position 2"), std::string::npos);
    EXPECT_EQ(from_hex("abc", "kid_key").error().code, "bad_hex");
}

TEST(hex, into_a_buffer_wants_exactly_its_length) {
    std::array<std::uint8_t, 2> to{};
    EXPECT_TRUE(from_hex_into("beef", to));
    EXPECT_EQ(to, (std::array<std::uint8_t, 2>{0xbe, 0xef}));
    for (const auto* text : {"", "be", "bee", "beef0", "beef00"}) EXPECT_FALSE(from_hex_into(text, to)) << text;
}

TEST(hex, append_keeps_what_was_there) {
    std::string out = "cc:";
    append_hex(out, bytes{0x01, 0x80});
    EXPECT_EQ(out, "cc:0180");
}

}  // namespace
}  // namespace tessera
