#include "cards/identifiers.h"

#include <gtest/gtest.h>

namespace tessera::cards {
namespace {

TEST(luhn, holds_for_the_textbook_number_and_for_no_neighbour_of_it) {
    // ISO/IEC 7812-1 annex B; the number is the formula's customary example.
    EXPECT_TRUE(luhn_holds("79927398713"));
    for (const auto* wrong : {"79927398710", "79927398731", "79927389713", "19927398713"})
        EXPECT_FALSE(luhn_holds(wrong));
}

TEST(iccid, has_18_to_20_digits) {
    for (const auto* good :
         {"894900000000000015", "8949000000000000018", "89490000000000000015", "89014103211118510720"}) {
        EXPECT_EQ(parse_iccid(good).value_or("refused"), good);
    }
}

TEST(iccid, of_19_digits_may_be_padded_with_f) {
    EXPECT_EQ(parse_iccid("8949000000000000018F").value(), "8949000000000000018");
    EXPECT_EQ(parse_iccid("8949000000000000018f").value(), "8949000000000000018");
    EXPECT_FALSE(parse_iccid("894900000000000015F"));
    EXPECT_FALSE(parse_iccid("894900000000000015FF"));
    EXPECT_FALSE(parse_iccid("89490000000000000015F"));
}

TEST(iccid, that_is_none_is_refused_with_the_field) {
    for (const auto* wrong : {"", "89490000000000001", "894900000000000000119", "8949000000000000019",
                              "894900000000000001a", "894900000000000001 ", "-949000000000000011", "F"}) {
        const auto parsed = parse_iccid(wrong, "card");
        ASSERT_FALSE(parsed) << wrong;
        EXPECT_EQ(parsed.error().code, "bad_iccid") << wrong;
        EXPECT_EQ(parsed.error().field, "card");
    }
    EXPECT_NE(parse_iccid("8949000000000000019").error().message.find("Luhn"), std::string::npos);
}

TEST(imsi, has_6_to_15_digits) {
    EXPECT_EQ(parse_imsi("001010123456789").value(), "001010123456789");
    EXPECT_EQ(parse_imsi("001010").value(), "001010");
    for (const auto* wrong : {"", "00101", "0010101234567890", "00101012345678a", "+01010123456789"})
        EXPECT_EQ(parse_imsi(wrong).error().code, "bad_imsi") << wrong;
}

TEST(msisdn, is_international_with_or_without_plus) {
    EXPECT_EQ(parse_msisdn("+491701234567").value(), 491701234567U);
    EXPECT_EQ(parse_msisdn("491701234567").value(), 491701234567U);
    EXPECT_EQ(parse_msisdn("999999999999999").value(), 999999999999999U);
    EXPECT_EQ(parse_msisdn("12345").value(), 12345U);
    for (const auto* wrong : {"", "+", "1234", "1234567890123456", "01701234567", "+01701234567", "++4917012345",
                              "4917012345a", "49 170 12345", "-491701234567"})
        EXPECT_EQ(parse_msisdn(wrong).error().code, "bad_msisdn") << wrong;
}

}  // namespace
}  // namespace tessera::cards
