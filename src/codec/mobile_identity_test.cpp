#include "codec/mobile_identity.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::codec {
namespace {

bytes octets(std::string_view hex) { return from_hex(hex).value(); }

std::string why_not(byte_view identity) {
    const auto found = decode_mobile_identity(identity);
    return found ? "decoded" : found.error().message;
}

// TS 24.008 figure 10.5.4: the first digit above the type (010) and the bit for an odd number of digits.
TEST(mobile_identity, an_imei_is_a_digit_with_its_type_and_then_pairs) {
    EXPECT_EQ(decode_mobile_identity(octets("4a09512430325781")), "490154203237518");
    EXPECT_EQ(to_hex(encode_mobile_identity("490154203237518")), "4a09512430325781");
    EXPECT_EQ(decode_mobile_identity(octets("1a32547698103254")), "123456789012345");
}

TEST(mobile_identity, an_imeisv_has_an_even_number_of_digits_and_ends_with_f) {
    EXPECT_EQ(to_hex(encode_mobile_identity("4901542032375101")), "4309512430325701f1");
    EXPECT_EQ(decode_mobile_identity(octets("4309512430325701f1")), "4901542032375101");
    EXPECT_EQ(why_not(octets("430951243032570111")), "an IMEISV ends with F");
}

TEST(mobile_identity, what_is_no_imei_is_refused) {
    EXPECT_EQ(why_not({}), "there is no identity");
    EXPECT_EQ(why_not(octets("4909512430325781")), "the identity is neither an IMEI nor an IMEISV");  // an IMSI
    EXPECT_EQ(why_not(octets("4209512430325781")), "the identity is neither an IMEI nor an IMEISV");  // even
    EXPECT_EQ(why_not(octets("4a095124303257")), "the identity is cut short");
    EXPECT_EQ(why_not(octets("4a0951243032578f")), "the identity has other digits than 0 to 9");
}

TEST(mobile_identity, is_found_among_the_tlvs_of_a_terminal_response) {
    const auto response = octets(
        "8103012601"
        "02028281"
        "030100"
        "94084a09512430325781");
    EXPECT_EQ(find_mobile_identity(response).value(), "490154203237518");
    EXPECT_EQ(find_mobile_identity(octets("14084a09512430325781")).value(), "490154203237518");
    EXPECT_EQ(find_mobile_identity(octets("e2094309512430325701f1")).value(), "4901542032375101");
    EXPECT_EQ(find_mobile_identity(octets("7f12340105"
                                          "94084a09512430325781"))
                  .value(),
              "490154203237518");
    EXPECT_FALSE(find_mobile_identity(octets("0301009408")).value());
    EXPECT_FALSE(find_mobile_identity({}).value());
    EXPECT_FALSE(find_mobile_identity(octets("9401490000")).has_value()) << "an IMEI that is none";
}

TEST(mobile_identity, swapped_digits_end_with_f) {
    EXPECT_EQ(decode_swapped_digits(octets("94104502237315f8")), "490154203237518");
    EXPECT_EQ(decode_swapped_digits(octets("9410")), "4901");
    EXPECT_FALSE(decode_swapped_digits(octets("a410")));
}

}  // namespace
}  // namespace tessera::codec
