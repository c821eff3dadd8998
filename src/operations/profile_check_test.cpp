#include "operations/profile_check.h"

#include <gtest/gtest.h>

namespace tessera::operations {
namespace {

using crypto::cipher_algorithm;

application_security asking(std::uint8_t first, std::uint8_t second, std::uint32_t tar = 0xb00010) {
    application_security made;
    made.spi = {first, second};
    made.tar = {static_cast<std::uint8_t>(tar >> 16U), static_cast<std::uint8_t>(tar >> 8U & 0xffU),
                static_cast<std::uint8_t>(tar & 0xffU)};
    return made;
}

std::size_t mistakes(const cards::minimum_security& least, const application_security& asked) {
    cards::profile_facts facts;
    facts.minimum = least;
    return check_security(facts, "profile", asked).size();
}

TEST(profile_check, every_field_of_the_spi_is_held_against_the_minimum) {
    EXPECT_EQ(mistakes({0x16, 0x39}, asking(0x16, 0x39)), 0U);
    EXPECT_EQ(mistakes({0x16, 0x39}, asking(0x1e, 0x39)), 0U) << "exactly one higher is more than higher";
    EXPECT_EQ(mistakes({0x06, 0x21}, asking(0x16, 0x21)), 0U);
    EXPECT_EQ(mistakes({0x16, std::nullopt}, asking(0x16, 0x21)), 0U) << "nothing is said of proofs of receipt";
    EXPECT_EQ(mistakes({0x16, 0x39}, asking(0x12, 0x39)), 1U) << "not ciphered";
    EXPECT_EQ(mistakes({0x16, 0x39}, asking(0x15, 0x39)), 1U) << "RC instead of CC";
    EXPECT_EQ(mistakes({0x16, 0x39}, asking(0x14, 0x39)), 1U) << "neither";
    EXPECT_EQ(mistakes({0x16, 0x39}, asking(0x0e, 0x39)), 1U) << "counter not checked";
    EXPECT_EQ(mistakes({0x16, 0x39}, asking(0x16, 0x29)), 1U) << "PoR not ciphered";
    EXPECT_EQ(mistakes({0x16, 0x39}, asking(0x16, 0x35)), 1U) << "PoR with RC";
    EXPECT_EQ(mistakes({0x1e, 0x39}, asking(0x00, 0x21)), 5U);
}

TEST(profile_check, only_the_algorithms_that_are_used_count) {
    cards::profile_facts facts;
    facts.algorithms = {cipher_algorithm::aes128};
    const cards::key_set_header mixed{1, cipher_algorithm::aes128, cipher_algorithm::triple_des_2key};
    EXPECT_TRUE(check_algorithms(facts, "profile", {0x15, 0x21}, mixed)) << "no CC, so no KID";
    EXPECT_EQ(check_algorithms(facts, "profile", {0x16, 0x21}, mixed).error().message,
              "profile takes aes128; the key sets of version 1 have 3des2 as KID");
    EXPECT_FALSE(check_algorithms(facts, "profile", {0x15, 0x29}, mixed)) << "the answer has a CC";
    EXPECT_TRUE(check_algorithms({}, "profile", {0x16, 0x39}, mixed)) << "nothing is said";
}

TEST(profile_check, applications_are_the_profile_s) {
    cards::profile_facts facts;
    EXPECT_TRUE(check_security(facts, "profile", asking(0x16, 0x39)).empty());
    EXPECT_EQ(tar_of(facts, "profile", "usim").error().message,
              "profile has no application \"usim\"; it has none by name");
    facts.tars = {{"usim", 0xb00140}};
    EXPECT_EQ(check_security(facts, "profile", asking(0x16, 0x39)).front().code, "unknown_application");
    EXPECT_TRUE(check_security(facts, "profile", asking(0x16, 0x39, 0xb00140)).empty());
    EXPECT_EQ(tar_of(facts, "profile", "usim"), (codec::toolkit_application_reference{0xb0, 0x01, 0x40}));
}

}  // namespace
}  // namespace tessera::operations
