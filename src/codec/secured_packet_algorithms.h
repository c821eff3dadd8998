// Which algorithms a packet uses: from SPI, KIc and KID (ETSI TS 102 225 clauses 5.1.1 to 5.1.3), from what was agreed
// beside them, and from the length of an AES key. Internal to the secured packet codec.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/secured_packet.h"
#include "crypto/block_crypto.h"

namespace tessera::codec::detail {

struct cipher_choice {
    crypto::cipher_algorithm algorithm{};
    bool electronic_codebook = false;
};

enum class check_method : std::uint8_t { none, crc16, crc32, exclusive_or, cbc_mac, cmac };
struct check_choice {
    check_method method = check_method::none;
    crypto::cipher_algorithm algorithm{};  // of a CBC-MAC or CMAC
    std::uint8_t octets = 0;               // of the RC or CC in the packet
};

struct packet_algorithms {
    std::optional<cipher_choice> cipher;
    check_choice check;

    [[nodiscard]] std::size_t block_octets() const { return cipher ? crypto::block_octets(cipher->algorithm) : 1; }
};

// Errors: bad_key, unsupported_algorithm.
[[nodiscard]] result<cipher_choice> choose_cipher(std::uint8_t kic, byte_view key, std::string_view agreed);
// An AES CC is taken as 8 octets. Errors: bad_key, unsupported_algorithm.
[[nodiscard]] result<check_choice> choose_check(integrity asked, std::uint8_t kid, byte_view key,
                                                std::string_view agreed);
// Both, as the command's or the response's half of the SPI asks. Errors: bad_key, unsupported_algorithm.
[[nodiscard]] result<packet_algorithms> choose_algorithms(const packet_security& security, const packet_keys& keys,
                                                          bool ciphered, integrity asked);
// Gives an AES CC the length asked for. Errors: bad_checksum_length.
[[nodiscard]] result<void> set_checksum_octets(check_choice& check, std::uint8_t octets);

[[nodiscard]] result<void> encipher(crypto::block_crypto& crypto, const cipher_choice& cipher, byte_view key,
                                    std::span<std::uint8_t> octets);
[[nodiscard]] result<void> decipher(crypto::block_crypto& crypto, const cipher_choice& cipher, byte_view key,
                                    std::span<std::uint8_t> octets);
// Fills `out`, which has check.octets octets.
[[nodiscard]] result<void> compute_check(crypto::block_crypto& crypto, const check_choice& check, byte_view key,
                                         byte_view input, std::span<std::uint8_t> out);

// The secured data without its padding. A packet whose RC or CC was wrong keeps what makes no sense; elsewhere that is
// bad_padding.
[[nodiscard]] result<byte_view> remove_padding(byte_view data, std::uint8_t padding_counter,
                                               const packet_algorithms& algorithms, std::optional<bool> verified);

}  // namespace tessera::codec::detail
