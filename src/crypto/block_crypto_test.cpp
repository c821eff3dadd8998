#include "crypto/block_crypto.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <string>

#include "base/hex.h"
#include "base/random.h"

namespace tessera::crypto {
namespace {

bytes hex(std::string_view text) { return from_hex(text).value(); }

template <std::size_t N>
std::string hex_of(const result<std::array<std::uint8_t, N>>& mac) {
    return mac ? to_hex(*mac) : "error: " + to_string(mac.error());
}

TEST(Names, AreThoseOfTheCommandLineAndGoBothWays) {
    for (const auto* name : {"des", "3des2", "3des3", "aes128", "aes192", "aes256"}) {
        const auto algorithm = cipher_algorithm_from(name);
        ASSERT_TRUE(algorithm) << name;
        EXPECT_EQ(to_string(*algorithm), name);
    }
    EXPECT_FALSE(cipher_algorithm_from("3des"));
    EXPECT_FALSE(cipher_algorithm_from("AES128"));
}

TEST(Cipher, KnownAnswers) {
    block_crypto crypto;
    // With initial vector zero the first CBC block is the ECB block, so single-block examples prove both.
    auto block = hex("00112233445566778899aabbccddeeff");  // FIPS 197 appendix C
    ASSERT_TRUE(crypto.ecb_encrypt(cipher_algorithm::aes128, hex("000102030405060708090a0b0c0d0e0f"), block));
    EXPECT_EQ(to_hex(block), "69c4e0d86a7b0430d8cdb78070b4c55a");
    block = hex("00112233445566778899aabbccddeeff");
    ASSERT_TRUE(
        crypto.cbc_encrypt(cipher_algorithm::aes192, hex("000102030405060708090a0b0c0d0e0f1011121314151617"), block));
    EXPECT_EQ(to_hex(block), "dda97ca4864cdfe06eaf70a0ec0d7191");
    block = hex("00112233445566778899aabbccddeeff");
    ASSERT_TRUE(crypto.cbc_encrypt(cipher_algorithm::aes256,
                                   hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), block));
    EXPECT_EQ(to_hex(block), "8ea2b7ca516745bfeafc49904b496089");
    block = hex("4e6f772069732074");  // FIPS 81: DES, "Now is t"
    ASSERT_TRUE(crypto.ecb_encrypt(cipher_algorithm::des, hex("0123456789abcdef"), block));
    EXPECT_EQ(to_hex(block), "3fa40e8a984d4815");
    block = hex("6bc1bee22e409f96e93d7e117393172a");  // NIST SP 800-67 appendix B keys
    ASSERT_TRUE(crypto.ecb_encrypt(cipher_algorithm::triple_des_3key,
                                   hex("0123456789abcdef23456789abcdef01456789abcdef0123"), block));
    EXPECT_EQ(to_hex(block), "714772f339841d34267fcc4bd2949cc3");
}

TEST(Cipher, TwoKeysAreThreeWithTheFirstRepeated) {
    block_crypto crypto;
    auto two = hex("00112233445566778899aabbccddeeff0011223344556677");
    auto three = two;
    ASSERT_TRUE(crypto.cbc_encrypt(cipher_algorithm::triple_des_2key, hex("0123456789abcdef23456789abcdef01"), two));
    ASSERT_TRUE(crypto.cbc_encrypt(cipher_algorithm::triple_des_3key,
                                   hex("0123456789abcdef23456789abcdef010123456789abcdef"), three));
    EXPECT_EQ(to_hex(two), to_hex(three));
}

TEST(Cipher, EveryAlgorithmGoesBothWaysAndStartsAnewAtEachCall) {
    block_crypto crypto;
    seeded_random random(7);
    for (int i = 0; i < 6; ++i) {
        const auto algorithm = static_cast<cipher_algorithm>(i);
        bytes key(key_octets(algorithm));
        for (const std::size_t blocks : {1U, 2U, 7U, 100U}) {
            random.fill(key);
            bytes plain(blocks * block_octets(algorithm));
            random.fill(plain);
            auto text = plain;
            ASSERT_TRUE(crypto.cbc_encrypt(algorithm, key, text));
            EXPECT_NE(text, plain);
            ASSERT_TRUE(crypto.cbc_decrypt(algorithm, key, text));
            EXPECT_EQ(text, plain);
            ASSERT_TRUE(crypto.ecb_encrypt(algorithm, key, text));
            EXPECT_NE(text, plain);
            ASSERT_TRUE(crypto.ecb_decrypt(algorithm, key, text));
            EXPECT_EQ(text, plain);
        }
    }
}

TEST(Cipher, RefusesWrongLengthsAndSaysWhichItTakes) {
    block_crypto crypto;
    bytes text(16);
    const auto key = crypto.cbc_encrypt(cipher_algorithm::triple_des_2key, bytes(8), text);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, "bad_key");
    EXPECT_NE(key.error().message.find("16 octets, got 8"), std::string::npos);
    bytes odd(15);
    const auto length = crypto.cbc_encrypt(cipher_algorithm::aes128, bytes(16), odd);
    ASSERT_FALSE(length);
    EXPECT_EQ(length.error().code, "bad_length");
    EXPECT_EQ(crypto.cmac(cipher_algorithm::aes256, bytes(16), odd).error().code, "bad_key");
    EXPECT_EQ(crypto.cbc_mac(cipher_algorithm::des, bytes(16), odd).error().code, "bad_key");
    EXPECT_EQ(crypto.cmac(cipher_algorithm::des, bytes(8), odd).error().code, "unsupported_algorithm");
    EXPECT_EQ(crypto.cbc_mac(cipher_algorithm::aes128, bytes(16), odd).error().code, "unsupported_algorithm");
}

TEST(Cmac, ExamplesOfTheStandard) {  // NIST SP 800-38B appendix D.1, RFC 4493
    block_crypto crypto;
    const auto key = hex("2b7e151628aed2a6abf7158809cf4f3c");
    const auto message =
        hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef"
            "f69f2445df4f9b17ad2b417be66c3710");
    const auto of = [&](std::size_t octets) {
        return hex_of(crypto.cmac(cipher_algorithm::aes128, key, byte_view(message).first(octets)));
    };
    EXPECT_EQ(of(0), "bb1d6929e95937287fa37d129b756746");
    EXPECT_EQ(of(16), "070a16b46b4d4144f79bdd9dd04a287c");
    EXPECT_EQ(of(40), "dfa66747de9ae63030ca32611497c827");
    EXPECT_EQ(of(64), "51f0bebf7e3b9d92fc49741779363cfe");
}

std::string openssl_cmac(const char* cipher, byte_view key, byte_view message) {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, "CMAC", nullptr);
    EVP_MAC_CTX* context = EVP_MAC_CTX_new(mac);
    std::string name = cipher;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("cipher", name.data(), 0),
                                 OSSL_PARAM_construct_end()};
    std::array<std::uint8_t, 16> out{};
    std::size_t octets = 0;
    EXPECT_EQ(EVP_MAC_init(context, key.data(), key.size(), params), 1);
    EXPECT_EQ(EVP_MAC_update(context, message.data(), message.size()), 1);
    EXPECT_EQ(EVP_MAC_final(context, out.data(), &octets, out.size()), 1);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return to_hex(out);
}

TEST(Cmac, AgreesWithOpensslAtEveryLengthAroundTheBuffer) {
    block_crypto crypto;
    seeded_random random(11);
    bytes message(1600);
    random.fill(message);
    const std::array<std::pair<cipher_algorithm, const char*>, 3> algorithms = {
        {{cipher_algorithm::aes128, "AES-128-CBC"},
         {cipher_algorithm::aes192, "AES-192-CBC"},
         {cipher_algorithm::aes256, "AES-256-CBC"}}};
    for (const auto& [algorithm, name] : algorithms) {
        bytes key(key_octets(algorithm));
        random.fill(key);
        for (std::size_t octets = 1; octets < message.size(); octets += octets < 40 || octets % 512 > 490 ? 1 : 13) {
            const auto part = byte_view(message).first(octets);
            ASSERT_EQ(hex_of(crypto.cmac(algorithm, key, part)), openssl_cmac(name, key, part)) << name << octets;
        }
    }
}

TEST(CbcMac, IsTheLastBlockOfTheWholePaddedMessage) {
    block_crypto crypto;
    seeded_random random(13);
    for (const auto algorithm :
         {cipher_algorithm::des, cipher_algorithm::triple_des_2key, cipher_algorithm::triple_des_3key}) {
        bytes key(key_octets(algorithm));
        random.fill(key);
        for (const std::size_t octets : {1U, 7U, 8U, 9U, 100U, 511U, 512U, 513U, 1024U, 1030U}) {
            bytes message(octets);
            random.fill(message);
            auto padded = message;
            padded.resize((octets + 7) / 8 * 8);
            ASSERT_TRUE(crypto.cbc_encrypt(algorithm, key, padded));
            EXPECT_EQ(hex_of(crypto.cbc_mac(algorithm, key, message)), to_hex(byte_view(padded).last(8))) << octets;
        }
    }
}

TEST(Crc, PublishedExamples) {  // ETSI TS 102 225 annex, and the check values of both CRCs
    EXPECT_EQ(crc16_x25(hex("0102030405")), 0x22ec);
    EXPECT_EQ(crc32_ieee(hex("0102030405")), 0x470b99f4U);
    EXPECT_EQ(crc16_x25(as_bytes("123456789")), 0x906e);
    EXPECT_EQ(crc32_ieee(as_bytes("123456789")), 0xcbf43926U);
    EXPECT_EQ(crc16_x25({}), 0);
    EXPECT_EQ(crc32_ieee({}), 0U);
}

}  // namespace
}  // namespace tessera::crypto
