#include "store/postgres/postgres_values.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/hex.h"

namespace tessera::store {
namespace {

std::int64_t binary(postgres_type type, std::string_view hex) {
    const auto octets = from_hex(hex).value();
    return integer_from_binary(type, {reinterpret_cast<const char*>(octets.data()), octets.size()});
}

TEST(postgres_values, integers_in_network_order) {
    EXPECT_EQ(binary(postgres_type::int2, "fffe"), -2);
    EXPECT_EQ(binary(postgres_type::int4, "80000000"), std::numeric_limits<std::int32_t>::min());
    EXPECT_EQ(binary(postgres_type::int8, "7fffffffffffffff"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(binary(postgres_type::int8, "8000000000000000"), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(binary(postgres_type::boolean, "01"), 1);
    EXPECT_EQ(binary(postgres_type::boolean, "00"), 0);
}

// SELECT numeric_send(x) of PostgreSQL 15.
TEST(postgres_values, sums_are_numeric) {
    EXPECT_EQ(binary(postgres_type::numeric, "0000000000000000"), 0);
    EXPECT_EQ(binary(postgres_type::numeric, "00010000000000000001"), 1);
    EXPECT_EQ(binary(postgres_type::numeric, "00010001000000000001"), 10'000);  // trailing zeros are left out
    EXPECT_EQ(binary(postgres_type::numeric, "000200010000000000010002"), 10'002);
    EXPECT_EQ(binary(postgres_type::numeric, "0002000140000000000c0d80"), -123'456);
    EXPECT_EQ(binary(postgres_type::numeric, "0005000400000000039a0d2c0170156516af"),
              std::numeric_limits<std::int64_t>::max());
}

TEST(postgres_values, what_is_no_number_reads_as_0) {
    EXPECT_EQ(binary(postgres_type::int8, "01"), 0);
    EXPECT_EQ(binary(postgres_type::numeric, "00"), 0);
    EXPECT_EQ(binary(postgres_type::numeric, "00010000c0000000"), 0);      // NaN
    EXPECT_EQ(binary(postgres_type::numeric, "00010005000000000001"), 0);  // too large
    EXPECT_EQ(binary(postgres_type::octets, "01"), 0);
    EXPECT_EQ(integer_from_text("-42"), -42);
    EXPECT_EQ(integer_from_text("t"), 1);
    EXPECT_EQ(integer_from_text("f"), 0);
    EXPECT_EQ(integer_from_text("abc"), 0);
}

TEST(postgres_values, rows_to_copy_have_the_octets_of_its_binary_format) {
    const bytes octets{0xab};
    const std::string_view text = "hi";
    using kind = row_value::kind;
    const std::vector<row_value> values{
        {kind::integer, -2, {}},
        {kind::text, 0, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}},
        {},
        {kind::octets, 0, octets}};
    const auto made = copy_octets(2, values);
    EXPECT_EQ(to_hex({reinterpret_cast<const std::uint8_t*>(made.data()), made.size()}),
              "5047434f50590aff0d0a00"
              "00000000"
              "00000000"
              "0002"
              "00000008"
              "fffffffffffffffe"
              "00000002"
              "6869"
              "0002"
              "ffffffff"
              "00000001"
              "ab"
              "ffff");
}

}  // namespace
}  // namespace tessera::store
