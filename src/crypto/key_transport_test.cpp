#include "crypto/key_transport.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::crypto {
namespace {

bytes octets(std::string_view hex) { return from_hex(hex).value(); }

std::string opened(transport_mode mode, cipher_algorithm algorithm, std::string_view key, std::string_view wrapped) {
    block_crypto crypto;
    secret out;
    const auto done = open_transported(crypto, mode, algorithm, octets(key), octets(wrapped), out);
    return done ? to_hex(out.reveal()) : done.error().code;
}

// RFC 3394 clause 4.
TEST(key_transport, opens_the_wrapped_keys_of_rfc_3394) {
    constexpr auto mode = transport_mode::aes_key_wrap;
    EXPECT_EQ(opened(mode, cipher_algorithm::aes128, "000102030405060708090a0b0c0d0e0f",
                     "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"),
              "00112233445566778899aabbccddeeff");
    EXPECT_EQ(opened(mode, cipher_algorithm::aes192, "000102030405060708090a0b0c0d0e0f1011121314151617",
                     "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"),
              "00112233445566778899aabbccddeeff");
    EXPECT_EQ(opened(mode, cipher_algorithm::aes256, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                     "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"),
              "00112233445566778899aabbccddeeff");
    EXPECT_EQ(opened(mode, cipher_algorithm::aes256, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                     "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"),
              "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
    EXPECT_EQ(opened(mode, cipher_algorithm::aes128, "000102030405060708090a0b0c0d0e0f",
                     "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe4"),
              "bad_transport");
    EXPECT_EQ(opened(mode, cipher_algorithm::aes128, "000102030405060708090a0b0c0d0e0f", "1fa68b0a8112b447"),
              "bad_length");
}

// FIPS 197 appendix C.1; NIST SP 800-38A F.2.1 with a vector of zeros instead: the first block exclusive-ored with it.
TEST(key_transport, opens_aes_in_ecb_and_cbc) {
    constexpr std::string_view key = "000102030405060708090a0b0c0d0e0f";
    constexpr std::string_view cipher_text = "69c4e0d86a7b0430d8cdb78070b4c55a";
    EXPECT_EQ(opened(transport_mode::aes_ecb, cipher_algorithm::aes128, key, cipher_text),
              "00112233445566778899aabbccddeeff");
    EXPECT_EQ(opened(transport_mode::aes_cbc, cipher_algorithm::aes128, key, cipher_text),
              "00112233445566778899aabbccddeeff");
    const auto twice = std::string(cipher_text) + std::string(cipher_text);
    EXPECT_EQ(opened(transport_mode::aes_ecb, cipher_algorithm::aes128, key, twice),
              "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    EXPECT_EQ(opened(transport_mode::aes_cbc, cipher_algorithm::aes128, key, twice),
              "00112233445566778899aabbccddeeff69d5c2eb2e2e624750541d3bbc692ba5");
    EXPECT_EQ(opened(transport_mode::aes_cbc, cipher_algorithm::aes128, key, "00"), "bad_length");
}

// DES with the key 0123456789abcdef: "Now is t" is 3fa40e8a984d4815 (FIPS 81 table B1); 3DES with equal keys is DES.
TEST(key_transport, opens_3des_and_knows_which_key_serves) {
    constexpr std::string_view key = "0123456789abcdef0123456789abcdef";
    EXPECT_EQ(opened(transport_mode::triple_des_ecb, cipher_algorithm::triple_des_2key, key, "3fa40e8a984d4815"),
              "4e6f772069732074");
    EXPECT_EQ(opened(transport_mode::aes_ecb, cipher_algorithm::triple_des_2key, key, "3fa40e8a984d4815"), "bad_key");
    EXPECT_EQ(opened(transport_mode::triple_des_ecb, cipher_algorithm::triple_des_2key, "01", "3fa40e8a984d4815"),
              "bad_key");
    EXPECT_FALSE(serves(cipher_algorithm::des, transport_mode::triple_des_ecb));
    EXPECT_TRUE(serves(cipher_algorithm::aes192, transport_mode::aes_key_wrap));
    for (const auto mode : {transport_mode::triple_des_ecb, transport_mode::triple_des_cbc, transport_mode::aes_ecb,
                            transport_mode::aes_cbc, transport_mode::aes_key_wrap})
        EXPECT_EQ(transport_mode_from(to_string(mode)), mode);
    EXPECT_EQ(transport_mode_from("rot13"), std::nullopt);
}

// The check value of the default keys of GlobalPlatform (40..4f) is 8baf47 for 3DES and, over ones, 504a77 for AES;
// AES over zeros is the first subkey block of NIST SP 800-38B: 7df76b0c... for 2b7e151628aed2a6abf7158809cf4f3c.
TEST(key_check_value, is_the_beginning_of_an_enciphered_block) {
    block_crypto crypto;
    const auto gp = octets("404142434445464748494a4b4c4d4e4f");
    const auto nist = octets("2b7e151628aed2a6abf7158809cf4f3c");
    const auto holds = [&](cipher_algorithm algorithm, byte_view key, check_value_method method, std::string_view kcv) {
        const auto checked = check_value_holds(crypto, algorithm, key, method, octets(kcv));
        return checked ? (*checked ? "yes" : "no") : checked.error().code;
    };
    EXPECT_EQ(holds(cipher_algorithm::triple_des_2key, gp, check_value_method::zeros, "8baf47"), "yes");
    EXPECT_EQ(holds(cipher_algorithm::triple_des_2key, gp, check_value_method::ones, "8baf47"), "yes");
    EXPECT_EQ(holds(cipher_algorithm::aes128, gp, check_value_method::ones, "504a77"), "yes");
    EXPECT_EQ(holds(cipher_algorithm::aes128, gp, check_value_method::zeros, "504a77"), "no");
    EXPECT_EQ(holds(cipher_algorithm::aes128, nist, check_value_method::zeros, "7df76b0c1ab899b3"), "yes");
    EXPECT_EQ(holds(cipher_algorithm::aes128, nist, check_value_method::zeros, "7df76b0c1ab899b4"), "no");
    EXPECT_EQ(holds(cipher_algorithm::aes128, nist, check_value_method::zeros, "7d"), "bad_length");
    EXPECT_EQ(holds(cipher_algorithm::aes128, nist, check_value_method::cmac, "000000"), "no");
    EXPECT_EQ(check_value_method_from("ones"), check_value_method::ones);
    EXPECT_EQ(check_value_method_from("twos"), std::nullopt);
}

}  // namespace
}  // namespace tessera::crypto
