#include "codec/ber_tlv.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::codec {
namespace {

TEST(ber_tlv, the_shortest_length_that_fits) {
    for (const auto& [length, text] : {std::pair{0x7f, "7f"}, {0x80, "8180"}, {0xff, "81ff"}, {0x100, "820100"}}) {
        bytes out;
        append_ber_length(out, static_cast<std::size_t>(length));
        EXPECT_EQ(to_hex(out), text);
        byte_view rest = out;
        EXPECT_EQ(take_ber_length(rest), static_cast<std::size_t>(length));
        EXPECT_TRUE(rest.empty());
    }
}

TEST(ber_tlv, found_among_others_by_tags_of_one_and_two_octets) {
    const auto list = from_hex("4f03a1a2a39f700107c50100").value();
    EXPECT_EQ(to_hex(find_ber_tlv(list, 0x9f70).value()), "07");
    EXPECT_EQ(to_hex(find_ber_tlv(list, 0x4f).value()), "a1a2a3");
    EXPECT_FALSE(find_ber_tlv(list, 0xce));
}

TEST(ber_tlv, what_is_not_whole_is_left_alone) {
    for (const std::string_view bad : {"4f", "4f80", "4f02a1", "9f", "4f83000001aa", "4f8201"}) {
        const auto octets = from_hex(bad).value();
        byte_view rest = octets;
        EXPECT_FALSE(take_ber_tlv(rest)) << bad;
        EXPECT_EQ(rest.size(), octets.size());
    }
}

}  // namespace
}  // namespace tessera::codec
