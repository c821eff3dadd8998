#include "base/bytes.h"

#include <gtest/gtest.h>

#include <array>

namespace tessera {
namespace {

constexpr std::array<std::uint8_t, 9> octets{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xff};

TEST(bytes, big_endian_keeps_the_low_octets_most_significant_first) {
    bytes out{0xaa};
    append_big_endian(out, 0x1122334455U, 3);
    EXPECT_EQ(out, (bytes{0xaa, 0x33, 0x44, 0x55}));
    append_big_endian(out, 7, 0);
    EXPECT_EQ(out.size(), 4U);
}

TEST(bytes, store_and_load_are_each_others_inverse) {
    std::array<std::uint8_t, 8> buffer{};
    for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{0x80}, ~std::uint64_t{0}, 0x0123456789abcdefU}) {
        store_big_endian(buffer.data(), value, buffer.size());
        EXPECT_EQ(load_big_endian(buffer), value);
    }
}

TEST(bytes, store_writes_no_more_than_it_was_told) {
    std::array<std::uint8_t, 4> buffer{9, 9, 9, 9};
    store_big_endian(buffer.data() + 1, 0xabcdU, 2);
    EXPECT_EQ(buffer, (std::array<std::uint8_t, 4>{9, 0xab, 0xcd, 9}));
}

TEST(bytes, text_and_octets_are_two_views_of_one_memory) {
    const std::string_view text("a\0\xff", 3);
    EXPECT_EQ(to_bytes(as_bytes(text)), (bytes{0x61, 0x00, 0xff}));
    EXPECT_EQ(as_text(as_bytes(text)), text);
}

TEST(byte_reader, reads_in_order) {
    byte_reader reader(octets);
    EXPECT_EQ(reader.u8(), 0x01U);
    EXPECT_EQ(reader.u16(), 0x0203U);
    EXPECT_EQ(reader.u32(), 0x04050607U);
    EXPECT_EQ(reader.rest().size(), 2U);
    EXPECT_EQ(to_bytes(reader.take(2)), (bytes{0x08, 0xff}));
    EXPECT_TRUE(reader.empty());
    EXPECT_FALSE(reader.failed());
}

TEST(byte_reader, taking_nothing_at_the_end_is_no_failure) {
    byte_reader reader({});
    EXPECT_TRUE(reader.take(0).empty());
    EXPECT_FALSE(reader.failed());
}

TEST(byte_reader, past_the_end_yields_zero_and_fails_for_good) {
    byte_reader reader(byte_view(octets).first(3));
    EXPECT_EQ(reader.u32(), 0U);
    EXPECT_TRUE(reader.failed());
    EXPECT_EQ(reader.u8(), 0U) << "what a short field left over must not be taken for the next field";
    EXPECT_TRUE(reader.take(1).empty());
    EXPECT_TRUE(reader.failed());
}

TEST(byte_reader, a_length_near_the_largest_integer_does_not_wrap) {
    byte_reader reader(octets);
    static_cast<void>(reader.u8());
    EXPECT_TRUE(reader.take(static_cast<std::size_t>(-1)).empty());
    EXPECT_TRUE(reader.failed());
}

}  // namespace
}  // namespace tessera
