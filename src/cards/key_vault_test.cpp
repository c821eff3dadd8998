#include "cards/key_vault.h"

#include <gtest/gtest.h>

#include "cards/test_registry.h"

namespace tessera::cards {
namespace {

using crypto::cipher_algorithm;

key_set example_keys(cipher_algorithm kic = cipher_algorithm::aes256, cipher_algorithm kid = cipher_algorithm::des) {
    bytes kic_octets(crypto::key_octets(kic));
    bytes kid_octets(crypto::key_octets(kid));
    for (std::size_t i = 0; i < kic_octets.size(); ++i) kic_octets[i] = static_cast<std::uint8_t>(i + 1);
    for (std::size_t i = 0; i < kid_octets.size(); ++i) kid_octets[i] = static_cast<std::uint8_t>(0xd0 + i);
    return {{2, kic, kid, 7}, secret(kic_octets), secret(kid_octets)};
}

TEST(key_vault, gives_back_what_was_put_in) {
    for (const auto kic : {cipher_algorithm::des, cipher_algorithm::triple_des_3key, cipher_algorithm::aes256})
        for (const auto kid : {cipher_algorithm::triple_des_2key, cipher_algorithm::aes192, cipher_algorithm::aes256}) {
            auto vault = test_vault();
            const auto keys = example_keys(kic, kid);
            bytes wrapped;
            ASSERT_TRUE(vault.wrap(card_id{9}, keys, wrapped));
            auto other = vault.another();
            const auto again = other.unwrap(card_id{9}, keys.header, wrapped);
            ASSERT_TRUE(again);
            EXPECT_TRUE(again->kic == keys.kic);
            EXPECT_TRUE(again->kid == keys.kid);
            EXPECT_EQ(again->header, keys.header);
        }
}

TEST(key_vault, refuses_what_was_wrapped_for_another_card_version_or_algorithm) {
    auto vault = test_vault();
    const auto keys = example_keys(cipher_algorithm::aes128, cipher_algorithm::triple_des_2key);
    bytes wrapped;
    ASSERT_TRUE(vault.wrap(card_id{9}, keys, wrapped));
    const auto refused = [&](card_id card, const key_set_header& header) {
        const auto opened = vault.unwrap(card, header, wrapped);
        return !opened && opened.error().code == "bad_wrapping";
    };
    EXPECT_FALSE(refused(card_id{9}, keys.header));
    EXPECT_TRUE(refused(card_id{10}, keys.header));
    EXPECT_TRUE(refused(card_id{9 + (std::int64_t{1} << 40)}, keys.header));
    auto other = keys.header;
    other.key_version = 3;
    EXPECT_TRUE(refused(card_id{9}, other));
    // Both have keys of 16 octets, so the length alone would not tell them apart.
    other = keys.header;
    std::swap(other.kic_algorithm, other.kid_algorithm);
    EXPECT_TRUE(refused(card_id{9}, other));
}

TEST(key_vault, refuses_what_was_tampered_with_and_another_master_key) {
    auto vault = test_vault();
    const auto keys = example_keys();
    bytes wrapped;
    ASSERT_TRUE(vault.wrap(card_id{9}, keys, wrapped));
    for (std::size_t at = 0; at < wrapped.size(); ++at) {
        auto tampered = wrapped;
        tampered[at] ^= 0x01;
        EXPECT_FALSE(vault.unwrap(card_id{9}, keys.header, tampered)) << at;
    }
    EXPECT_TRUE(vault.unwrap(card_id{9}, keys.header, wrapped));
    EXPECT_FALSE(test_vault(0x4e).unwrap(card_id{9}, keys.header, wrapped));
}

TEST(key_vault, an_application_s_keys_do_not_open_as_another_s) {
    auto vault = test_vault();
    key_set keys;
    keys.header = {1, crypto::cipher_algorithm::des, crypto::cipher_algorithm::des, 0, 0xb00010};
    keys.kic = secret(bytes(8, 0x11));
    keys.kid = secret(bytes(8, 0x22));
    bytes wrapped;
    ASSERT_TRUE(vault.wrap(card_id{1}, keys, wrapped));
    EXPECT_TRUE(vault.unwrap(card_id{1}, keys.header, wrapped));
    auto other = keys.header;
    other.application = 0xb00011;
    EXPECT_FALSE(vault.unwrap(card_id{1}, other, wrapped));
    other.application = all_applications;
    EXPECT_FALSE(vault.unwrap(card_id{1}, other, wrapped));
}

}  // namespace
}  // namespace tessera::cards
