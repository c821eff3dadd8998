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

}  // namespace
}  // namespace tessera::store
