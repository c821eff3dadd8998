#include "cards/equipment.h"

#include <gtest/gtest.h>

namespace tessera::cards {
namespace {

TEST(equipment, is_known_by_14_15_or_16_digits) {
    EXPECT_EQ(parse_imei("490154203237518")->imei, "490154203237518");
    EXPECT_EQ(parse_imei("49015420323751")->imei, "490154203237518");
    const auto with_software = parse_imei("4901542032375101");
    EXPECT_EQ(with_software->imei, "490154203237518");
    EXPECT_EQ(with_software->software_version, "01");
    EXPECT_TRUE(with_software->same_phone(*parse_imei("49015420323751")));
    EXPECT_FALSE(with_software->same_phone(*parse_imei("49015420323752")));
}

TEST(equipment, what_is_no_imei_is_refused) {
    for (const auto* text : {"", "4901542032375", "49015420323751012", "49015420323751a", "+49015420323751"})
        EXPECT_EQ(parse_imei(text).error().code, "bad_imei") << text;
    EXPECT_EQ(to_string(parse_imei("490154203237510").error()),
              "imei: the last digit is not the Luhn check digit of the others");
}

TEST(equipment, phones_signal_a_spare_digit_for_the_check_digit) {
    EXPECT_EQ(signalled_imei("490154203237510")->imei, "490154203237518");
    EXPECT_EQ(signalled_imei("490154203237518")->imei, "490154203237518");
    EXPECT_FALSE(signalled_imei("490154203237517"));
}

}  // namespace
}  // namespace tessera::cards
