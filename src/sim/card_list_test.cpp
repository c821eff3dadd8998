#include "sim/card_list.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::sim {
namespace {

constexpr std::string_view header =
    "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter\n";
constexpr std::string_view first =
    "8949000012345678901,001010123456789,491701234567,p,1,aes128,"
    "000102030405060708090a0b0c0d0e0f,3des2,101112131415161718191a1b1c1d1e1f,00000000ff\n";

TEST(card_list, reads_identities_keys_and_counters) {
    auto list = card_list::parse(std::string(header) + std::string(first), "f");
    ASSERT_TRUE(list) << to_string(list.error());
    ASSERT_EQ(list->size(), 1U);
    EXPECT_EQ(list->by_msisdn(491701234567), 0U);
    EXPECT_EQ(list->by_iccid("8949000012345678901"), 0U);
    EXPECT_EQ(list->by_msisdn(491701234568), no_card);
    EXPECT_EQ(list->by_iccid("8949000012345678902"), no_card);
    EXPECT_EQ(list->iccid(0), "8949000012345678901");
    EXPECT_EQ(to_hex(list->at(0).identity.iccid), "989400002143658709f1");
    EXPECT_EQ(to_hex(list->at(0).identity.imsi), "080910101032547698");
    const auto* set = list->key_set(0, 1, 0xb00010);
    ASSERT_NE(set, nullptr);
    EXPECT_EQ(list->key_set(0, 2, 0xb00010), nullptr);
    EXPECT_EQ(set->base, 0xffU);
    EXPECT_EQ(to_hex(list->kic(*set)), "000102030405060708090a0b0c0d0e0f");
    EXPECT_EQ(to_hex(list->kid(*set)), "101112131415161718191a1b1c1d1e1f");
}

TEST(card_list, an_even_imsi_says_so) {
    const auto list = card_list::parse(
        "kvn,iccid,imsi,msisdn,kic_algorithm,kic_key,kid_algorithm,kid_key\r\n"
        "1,\"894900001234567890\",00101012345678,+49170,des,0001020304050607,des,0001020304050607\r\n",
        "f");
    ASSERT_TRUE(list) << to_string(list.error());
    EXPECT_EQ(to_hex(list->at(0).identity.imsi), "0801101010325476f8");
    EXPECT_EQ(list->by_msisdn(49170), 0U);
}

TEST(card_list, rows_of_one_iccid_are_key_sets_of_one_card) {
    auto second = std::string(first), other = std::string(first);
    second.replace(second.find(",p,1,"), 5, ",p,2,");
    other.replace(18, 1, "2");
    other.replace(other.find("491701234567"), 12, "491701234568");
    auto list = card_list::parse(std::string(header) + std::string(first) + other + second, "f");
    ASSERT_TRUE(list) << to_string(list.error());
    EXPECT_EQ(list->size(), 2U);
    EXPECT_EQ(list->key_sets(0).size(), 2U);
    EXPECT_EQ(list->key_sets(1).size(), 1U);
    EXPECT_NE(list->key_set(0, 2, 0xb00010), nullptr);
    EXPECT_EQ(list->key_set(1, 2, 0xb00010), nullptr);
}

TEST(card_list, bad_rows_are_refused_by_line_and_field) {
    const auto field_of = [](std::string_view from, std::string_view to) {
        auto row = std::string(first);
        row.replace(row.find(from), from.size(), to);
        const auto list = card_list::parse(std::string(header) + row, "f.csv");
        EXPECT_FALSE(list) << to;
        if (list) return std::string();
        EXPECT_EQ(list.error().message.find("0001020304"), std::string::npos) << "a key in an error";
        return list.error().field;
    };
    EXPECT_EQ(field_of("8949000012345678901", "89490000x2345678901"), "f.csv:2 iccid");
    EXPECT_EQ(field_of("8949000012345678901", "8949"), "f.csv:2 iccid");
    EXPECT_EQ(field_of("001010123456789", "0010101234567890"), "f.csv:2 imsi");
    EXPECT_EQ(field_of("491701234567", "0491701234567"), "f.csv:2 msisdn");
    EXPECT_EQ(field_of(",p,1,", ",p,16,"), "f.csv:2 kvn");
    EXPECT_EQ(field_of("aes128", "aes127"), "f.csv:2 kic_algorithm");
    EXPECT_EQ(field_of("0e0f,", "0e,"), "f.csv:2 kic_key");
    EXPECT_EQ(field_of("1e1f,", "1e1g,"), "f.csv:2 kid_key");
    EXPECT_EQ(field_of("00000000ff", "00000000ff1"), "f.csv:2 counter");
    EXPECT_EQ(field_of(",00000000ff", ""), "f.csv:2");
    EXPECT_EQ(card_list::parse("iccid,imsi\n", "f.csv").error().field, "f.csv:1 msisdn");
    EXPECT_EQ(card_list::parse("iccid,colour\n", "f.csv").error().field, "f.csv:1 colour");
    EXPECT_FALSE(card_list::parse("", "f.csv"));
    EXPECT_EQ(card_list::load("/nonexistent/cards.csv").error().code, "unreadable");
}

TEST(card_list, duplicates_are_refused) {
    auto same_number = std::string(first);
    same_number.replace(18, 1, "2");
    const auto number = card_list::parse(std::string(header) + std::string(first) + same_number, "f");
    ASSERT_FALSE(number);
    EXPECT_EQ(number.error().field, "f:3 msisdn");
    const auto version = card_list::parse(std::string(header) + std::string(first) + std::string(first), "f");
    ASSERT_FALSE(version);
    EXPECT_EQ(version.error().code, "duplicate");
}

}  // namespace
}  // namespace tessera::sim
