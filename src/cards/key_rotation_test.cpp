#include "cards/key_rotation.h"

#include "base/hex.h"
#include "cards/test_registry.h"

namespace tessera::cards {
namespace {

constexpr std::string_view with_key =
    "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter,dek_key,dek_algorithm\n"
    "8949000000000000018,001010000000001,882390000001,p,1,aes128,000102030405060708090a0b0c0d0e0f,aes128,"
    "101112131415161718191a1b1c1d1e1f,0000000000,";

class key_rotation : public registry_test {
protected:
    result<import_report> import(std::string_view last_fields) {
        const auto path = file("cards.csv", std::string(with_key) + std::string(last_fields) + "\n");
        return import_cards(path, {}, *writer, vault, test_time, [](std::size_t) {});
    }
};

TEST_F(key_rotation, key_encryption_keys_come_with_their_key_set) {
    const auto report = import("404142434445464748494a4b4c4d4e4f,");
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->rejected, 0U);
    key_rotation_store rotations(*writer);
    const auto found = rotations.find_encryption_key(card_id{1}, 1, vault).value();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->algorithm, crypto::cipher_algorithm::aes128);  // that of KIc
    EXPECT_EQ(to_hex(found->key.reveal()), "404142434445464748494a4b4c4d4e4f");
    EXPECT_FALSE(rotations.find_encryption_key(card_id{1}, 2, vault).value());
    EXPECT_EQ(import("404142434445464748494a4b4c4d4e4f,").value().unchanged, 1U);
    const auto other = import("404142434445464748494a4b4c4d4e40,").value();
    ASSERT_EQ(other.problems.size(), 1U);
    EXPECT_EQ(other.problems[0].field, "dek_key");
    EXPECT_EQ(import("4041,").value().problems.at(0).field, "dek_key");
    EXPECT_EQ(import("404142434445464748494a4b4c4d4e4f,aes").value().problems.at(0).field, "dek_algorithm");
}

TEST_F(key_rotation, is_pending_until_it_is_proved) {
    ASSERT_TRUE(import(","));
    key_rotation_store rotations(*writer);
    const card_id card{1};
    EXPECT_FALSE(rotations.any_current().value());
    ASSERT_TRUE(card_store(*writer).insert_key_set(card, {{2, {}, {}, 0}, bytes{1}}, test_time).value());
    ASSERT_TRUE(rotations.begin(card, 2, 1, test_time));
    EXPECT_EQ(rotations.state_of(card, 2).value(), rotation_state::pending);
    EXPECT_EQ(rotations.current(card, 1).value(), 1);
    EXPECT_EQ(rotations.usable_key_sets(card).value().size(), 1U);
    ASSERT_TRUE(rotations.prove(card, 2, test_time));
    EXPECT_EQ(rotations.state_of(card, 2).value(), rotation_state::proved);
    EXPECT_EQ(rotations.current(card, 1).value(), 2);
    EXPECT_EQ(rotations.usable_key_sets(card).value().size(), 2U);
    EXPECT_TRUE(rotations.any_current().value());
}

}  // namespace
}  // namespace tessera::cards
