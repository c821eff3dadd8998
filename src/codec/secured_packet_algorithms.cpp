#include "codec/secured_packet_algorithms.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/hex.h"

namespace tessera::codec::detail {
namespace {

using crypto::cipher_algorithm;

struct agreed_cipher {
    std::string_view name;
    std::uint8_t nibble;  // of KIc, as if the standard had named it; nothing beyond F: 3DES in ECB has none
};
constexpr std::uint8_t ecb_two_keys = 0x15;
constexpr std::uint8_t ecb_three_keys = 0x19;
constexpr std::array<agreed_cipher, 7> agreed_ciphers = {{{"des-cbc", 0x1},
                                                          {"3des2-cbc", 0x5},
                                                          {"3des3-cbc", 0x9},
                                                          {"aes-cbc", 0x2},
                                                          {"des-ecb", 0xd},
                                                          {"3des2-ecb", ecb_two_keys},
                                                          {"3des3-ecb", ecb_three_keys}}};

struct agreed_check {
    std::string_view name;
    integrity kind;
    std::uint8_t nibble;  // of KID, or one of the two below
};
constexpr std::uint8_t xor_of_4 = 0x14;
constexpr std::uint8_t xor_of_8 = 0x18;
constexpr std::array<agreed_check, 8> agreed_checks = {{{"crc16", integrity::redundancy_check, 0x1},
                                                        {"crc32", integrity::redundancy_check, 0x5},
                                                        {"xor4", integrity::redundancy_check, xor_of_4},
                                                        {"xor8", integrity::redundancy_check, xor_of_8},
                                                        {"des-cbc-mac", integrity::cryptographic_checksum, 0x1},
                                                        {"3des2-cbc-mac", integrity::cryptographic_checksum, 0x5},
                                                        {"3des3-cbc-mac", integrity::cryptographic_checksum, 0x9},
                                                        {"aes-cmac", integrity::cryptographic_checksum, 0x2}}};

// b2b1 of KIc and KID: 00 known implicitly by both, 11 proprietary.
bool is_implicit(std::uint8_t octet) { return (octet & 0x03U) == 0; }
bool is_proprietary(std::uint8_t octet) { return (octet & 0x03U) == 3; }

std::unexpected<error> unsupported(std::string_view field, std::uint8_t octet, std::string_view kind,
                                   std::string_view agreed) {
    const std::string nibble = to_hex(std::array{octet}).substr(1);
    std::string why;
    if (!is_implicit(octet) && !is_proprietary(octet))
        why = "is reserved by the standard";
    else if (agreed.empty())
        why = std::string("names ") + (is_implicit(octet) ? "an implicit" : "a proprietary") +
              " algorithm, and none was agreed";
    else
        why = "leaves it to agreement, and the agreed one is not known here";
    return failure("unsupported_algorithm", field, "low nibble " + nibble + " " + why + " (" + std::string(kind) + ")");
}

// The key fits the algorithm. No key is ever repeated in a message, only its length.
result<void> require_key(std::string_view field, cipher_algorithm algorithm, byte_view key) {
    const std::size_t octets = crypto::key_octets(algorithm);
    if (key.size() == octets) return {};
    return failure("bad_key", field,
                   std::string(crypto::to_string(algorithm)) + " takes a key of " + std::to_string(octets) +
                       " octets, got " + std::to_string(key.size()));
}

result<cipher_algorithm> aes_by_key(std::string_view field, byte_view key) {
    switch (key.size()) {
        case 16:
            return cipher_algorithm::aes128;
        case 24:
            return cipher_algorithm::aes192;
        case 32:
            return cipher_algorithm::aes256;
        default:
            return failure("bad_key", field,
                           "AES takes a key of 16, 24 or 32 octets, got " + std::to_string(key.size()));
    }
}

std::optional<cipher_choice> des_family(std::uint8_t nibble) {
    switch (nibble) {
        case 0x1:
            return cipher_choice{cipher_algorithm::des, false};
        case 0x5:
            return cipher_choice{cipher_algorithm::triple_des_2key, false};
        case 0x9:
            return cipher_choice{cipher_algorithm::triple_des_3key, false};
        case 0xd:
            return cipher_choice{cipher_algorithm::des, true};
        case ecb_two_keys:
            return cipher_choice{cipher_algorithm::triple_des_2key, true};
        case ecb_three_keys:
            return cipher_choice{cipher_algorithm::triple_des_3key, true};
        default:
            return std::nullopt;
    }
}

std::optional<check_choice> redundancy_check(std::uint8_t nibble) {
    switch (nibble) {
        case 0x1:
            return check_choice{check_method::crc16, {}, 2};
        case 0x5:
            return check_choice{check_method::crc32, {}, 4};
        case xor_of_4:
            return check_choice{check_method::exclusive_or, {}, 4};
        case xor_of_8:
            return check_choice{check_method::exclusive_or, {}, 8};
        default:
            return std::nullopt;
    }
}

}  // namespace

result<cipher_choice> choose_cipher(std::uint8_t kic, byte_view key, std::string_view agreed) {
    std::uint8_t nibble = kic & 0x0fU;
    if (is_implicit(nibble) || is_proprietary(nibble)) {
        const auto* known = std::find_if(agreed_ciphers.begin(), agreed_ciphers.end(),
                                         [&](const agreed_cipher& cipher) { return cipher.name == agreed; });
        if (known == agreed_ciphers.end()) return unsupported("kic", kic, "ciphering", agreed);
        nibble = known->nibble;
    }
    if (nibble == 0x2) {
        TESSERA_TRY_VALUE(const auto algorithm, aes_by_key("kic_key", key));
        return cipher_choice{algorithm, false};
    }
    const auto choice = des_family(nibble);
    if (!choice) return unsupported("kic", kic, "ciphering", agreed);
    TESSERA_TRY(require_key("kic_key", choice->algorithm, key));
    return *choice;
}

result<check_choice> choose_check(integrity asked, std::uint8_t kid, byte_view key, std::string_view agreed) {
    if (asked == integrity::none) return check_choice{};
    if (asked == integrity::digital_signature)
        return failure("unsupported_algorithm", "spi", "a digital signature is asked for; known are RC and CC");
    const std::string_view kind = asked == integrity::redundancy_check ? "redundancy check" : "cryptographic checksum";
    std::uint8_t nibble = kid & 0x0fU;
    if (is_implicit(nibble) || is_proprietary(nibble)) {
        const auto* known = std::find_if(agreed_checks.begin(), agreed_checks.end(), [&](const agreed_check& check) {
            return check.name == agreed && check.kind == asked;
        });
        if (known == agreed_checks.end()) return unsupported("kid", kid, kind, agreed);
        nibble = known->nibble;
    }
    if (asked == integrity::redundancy_check) {
        const auto check = redundancy_check(nibble);
        if (!check) return unsupported("kid", kid, kind, agreed);
        return *check;
    }
    if (nibble == 0x2) {
        TESSERA_TRY_VALUE(const auto algorithm, aes_by_key("kid_key", key));
        return check_choice{check_method::cmac, algorithm, 8};
    }
    const auto choice = des_family(nibble);
    if (!choice || choice->electronic_codebook) return unsupported("kid", kid, kind, agreed);
    TESSERA_TRY(require_key("kid_key", choice->algorithm, key));
    return check_choice{check_method::cbc_mac, choice->algorithm, 8};
}

result<packet_algorithms> choose_algorithms(const packet_security& security, const packet_keys& keys, bool ciphered,
                                            integrity asked) {
    packet_algorithms algorithms;
    if (ciphered) {
        TESSERA_TRY_VALUE(algorithms.cipher, choose_cipher(security.kic, keys.kic, security.implicit_cipher));
    }
    TESSERA_TRY_VALUE(algorithms.check, choose_check(asked, security.kid, keys.kid, security.implicit_check));
    return algorithms;
}

result<void> set_checksum_octets(check_choice& check, std::uint8_t octets) {
    if (check.method != check_method::cmac) return {};
    if (octets != 4 && octets != 8)
        return failure("bad_checksum_length", "cc_len", "an AES cryptographic checksum has 8 octets, or 4");
    check.octets = octets;
    return {};
}

result<void> encipher(crypto::block_crypto& crypto, const cipher_choice& cipher, byte_view key,
                      std::span<std::uint8_t> octets) {
    return cipher.electronic_codebook ? crypto.ecb_encrypt(cipher.algorithm, key, octets)
                                      : crypto.cbc_encrypt(cipher.algorithm, key, octets);
}

result<void> decipher(crypto::block_crypto& crypto, const cipher_choice& cipher, byte_view key,
                      std::span<std::uint8_t> octets) {
    return cipher.electronic_codebook ? crypto.ecb_decrypt(cipher.algorithm, key, octets)
                                      : crypto.cbc_decrypt(cipher.algorithm, key, octets);
}

result<void> compute_check(crypto::block_crypto& crypto, const check_choice& check, byte_view key, byte_view input,
                           std::span<std::uint8_t> out) {
    switch (check.method) {
        case check_method::none:
            break;
        case check_method::crc16:
            store_big_endian(out.data(), crypto::crc16_x25(input), 2);
            break;
        case check_method::crc32:
            store_big_endian(out.data(), crypto::crc32_ieee(input), 4);
            break;
        case check_method::exclusive_or:
            std::fill(out.begin(), out.end(), std::uint8_t{0});
            for (std::size_t i = 0; i < input.size(); ++i) {
                auto& octet = out[i % out.size()];
                octet = static_cast<std::uint8_t>(octet ^ input[i]);
            }
            break;
        case check_method::cbc_mac: {
            TESSERA_TRY_VALUE(const auto mac, crypto.cbc_mac(check.algorithm, key, input));
            std::copy_n(mac.begin(), out.size(), out.begin());
            break;
        }
        case check_method::cmac: {
            TESSERA_TRY_VALUE(const auto mac, crypto.cmac(check.algorithm, key, input));
            std::copy_n(mac.begin(), out.size(), out.begin());
            break;
        }
    }
    return {};
}

result<byte_view> remove_padding(byte_view data, std::uint8_t padding_counter, const packet_algorithms& algorithms,
                                 std::optional<bool> verified) {
    // A sender that proved itself may pad more than it must; from any other that is the sign of a wrong key.
    const bool likely = !algorithms.cipher || verified == true || padding_counter < algorithms.block_octets();
    if (likely && padding_counter <= data.size()) return data.first(data.size() - padding_counter);
    if (verified == false) return data;
    return failure("bad_padding", "packet",
                   "padding counter " + std::to_string(padding_counter) + " does not fit " +
                       std::to_string(data.size()) + " octets of data" +
                       (algorithms.cipher ? "; the ciphering key may be a wrong one" : ""));
}

}  // namespace tessera::codec::detail
