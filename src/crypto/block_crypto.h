// Block ciphers and MACs as smart cards use them: (3)DES and AES in CBC and ECB, CBC-MAC, CMAC.
//
// The hot path builds a packet per card with keys of its own, so a context fetches every algorithm once and re-keys
// OpenSSL contexts; it allocates nothing per call. One context per thread: not thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::crypto {

enum class cipher_algorithm : std::uint8_t { des, triple_des_2key, triple_des_3key, aes128, aes192, aes256 };

// As the command line and files write them: des, 3des2, 3des3, aes128, aes192, aes256.
[[nodiscard]] std::string_view to_string(cipher_algorithm algorithm);
[[nodiscard]] std::optional<cipher_algorithm> cipher_algorithm_from(std::string_view name);
[[nodiscard]] std::size_t key_octets(cipher_algorithm algorithm);    // 8, 16, 24, 16, 24, 32
[[nodiscard]] std::size_t block_octets(cipher_algorithm algorithm);  // 8 or 16
[[nodiscard]] constexpr bool is_aes(cipher_algorithm algorithm) { return algorithm >= cipher_algorithm::aes128; }

class block_crypto {
public:
    block_crypto();  // aborts if libcrypto lacks AES or 3DES
    ~block_crypto();
    block_crypto(block_crypto&&) noexcept;
    block_crypto& operator=(block_crypto&&) noexcept;

    // In place; octets.size() is a multiple of the block. Initial vector zero (ETSI TS 102 225 clause 5.1.1).
    // Errors: bad_key (wrong length), bad_length.
    [[nodiscard]] result<void> cbc_encrypt(cipher_algorithm algorithm, byte_view key, std::span<std::uint8_t> octets);
    [[nodiscard]] result<void> cbc_decrypt(cipher_algorithm algorithm, byte_view key, std::span<std::uint8_t> octets);
    [[nodiscard]] result<void> ecb_encrypt(cipher_algorithm algorithm, byte_view key, std::span<std::uint8_t> octets);
    [[nodiscard]] result<void> ecb_decrypt(cipher_algorithm algorithm, byte_view key, std::span<std::uint8_t> octets);

    // Last block of a (3)DES CBC encryption of the message padded with zeros to a multiple of 8; the whole message is
    // enciphered with the whole key (not ISO 9797-1 algorithm 3).
    [[nodiscard]] result<std::array<std::uint8_t, 8>> cbc_mac(cipher_algorithm algorithm, byte_view key,
                                                              byte_view message);
    // AES-CMAC, NIST SP 800-38B, all 16 octets.
    [[nodiscard]] result<std::array<std::uint8_t, 16>> cmac(cipher_algorithm algorithm, byte_view key,
                                                            byte_view message);

private:
    struct state;
    std::unique_ptr<state> state_;
};

// CRC-16/X.25 (0102030405 -> 22ec) and CRC-32/IEEE (-> 470b99f4), as TS 102 225 uses them for the RC.
[[nodiscard]] std::uint16_t crc16_x25(byte_view message);
[[nodiscard]] std::uint32_t crc32_ieee(byte_view message);

}  // namespace tessera::crypto
