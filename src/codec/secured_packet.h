// Secured packets: command and response packets of ETSI TS 102 225 (clauses 5.1, 5.2) in the SMS-PP form of
// 3GPP TS 31.115. Pure: octets and keys in, octets out; counters, sending and settling belong to others.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/block_crypto.h"

namespace tessera::codec {

enum class integrity : std::uint8_t {
    none = 0,
    redundancy_check = 1,
    cryptographic_checksum = 2,
    digital_signature = 3
};
enum class counter_mode : std::uint8_t { none = 0, unchecked = 1, must_be_higher = 2, exactly_next = 3 };
enum class proof_of_receipt : std::uint8_t { none = 0, always = 1, on_error = 2, reserved = 3 };

// SPI, both octets (TS 102 225 clause 5.1.1).
struct security_parameter_indicator {
    std::uint8_t first = 0;
    std::uint8_t second = 0;

    [[nodiscard]] integrity command_integrity() const { return static_cast<integrity>(first & 0x03U); }
    [[nodiscard]] bool command_ciphered() const { return (first & 0x04U) != 0; }
    [[nodiscard]] counter_mode counter() const { return static_cast<counter_mode>(first >> 3U & 0x03U); }
    [[nodiscard]] proof_of_receipt response() const { return static_cast<proof_of_receipt>(second & 0x03U); }
    [[nodiscard]] integrity response_integrity() const { return static_cast<integrity>(second >> 2U & 0x03U); }
    [[nodiscard]] bool response_ciphered() const { return (second & 0x10U) != 0; }
    [[nodiscard]] bool response_by_submit() const { return (second & 0x20U) != 0; }
    friend bool operator==(const security_parameter_indicator&, const security_parameter_indicator&) = default;
};

using toolkit_application_reference = std::array<std::uint8_t, 3>;

// Everything of a command header but the counter.
struct packet_security {
    security_parameter_indicator spi;
    std::uint8_t kic = 0;  // high nibble key version, low nibble algorithm
    std::uint8_t kid = 0;
    toolkit_application_reference tar{};
    // 8, or 4 (truncated); matters for an AES CC only. decode_response also takes 0: whichever of both the card sent.
    std::uint8_t aes_checksum_octets = 8;
    // Algorithms agreed outside the standard, for a KIc or KID whose low nibble says "implicit" (0, 4, 8, C) or
    // "proprietary" (3, 7, B, F); other nibbles decide alone. Empty: none agreed. Known ciphers: des-cbc, 3des2-cbc,
    // 3des3-cbc, aes-cbc, des-ecb, 3des2-ecb, 3des3-ecb. Known checks: crc16, crc32, xor4, xor8 (as RC), des-cbc-mac,
    // 3des2-cbc-mac, 3des3-cbc-mac, aes-cmac (as CC).
    std::string_view implicit_cipher = {};
    std::string_view implicit_check = {};
};

// What a receiver of commands has agreed; the names of packet_security.
struct implicit_algorithms {
    std::string_view cipher = {};
    std::string_view check = {};
};

// Keys are views: they must outlive the call. A key that the SPI does not ask for may be empty.
struct packet_keys {
    byte_view kic;
    byte_view kid;
};

inline constexpr std::uint64_t counter_max = 0xff'ffff'ffffU;  // a card at this value is blocked for good

struct command_packet {
    packet_security security;
    std::uint64_t counter = 0;
    std::uint8_t padding_counter = 0;
    byte_view data;                // the secured data, padding removed; valid until the codec's next call
    std::optional<bool> verified;  // nothing when the SPI asks for neither RC nor CC
};

// TS 102 225 table 5.
enum class response_status : std::uint8_t {
    ok = 0x00,
    integrity_failed = 0x01,
    counter_low = 0x02,
    counter_high = 0x03,
    counter_blocked = 0x04,
    ciphering_error = 0x05,
    unidentified_security_error = 0x06,
    insufficient_memory = 0x07,
    more_time = 0x08,
    unknown_application = 0x09,
    insufficient_security = 0x0a,
    response_follows_by_sms = 0x0b,
    response_follows_by_ussd = 0x0c,
};
[[nodiscard]] std::string_view describe(response_status status);  // "counter low"; "status reserved by the standard"

struct response_packet {
    toolkit_application_reference tar{};
    std::uint64_t counter = 0;
    std::uint8_t padding_counter = 0;
    std::uint8_t status = 0;       // a response_status, or a value that the standard reserves
    byte_view data;                // valid until the codec's next call
    bool secured = false;          // the packet carried what SPI2 asks for; true as well where SPI2 asks for nothing
    std::optional<bool> verified;  // its RC or CC was right; nothing when it carried none
};

namespace detail {
struct packet_algorithms;
}

// Encoder and decoder with scratch memory of their own. Not thread safe; one per thread. Errors of keys and algorithms
// name the field at fault as the command line does: kic, kid, kic_key, kid_key, cntr, cc_len, spi, packet.
class secured_packet_codec {
public:
    secured_packet_codec();

    // Appends CPL..end to `out` (no UDH); `data` lies outside `out`. Padding is zeros. The counter is sent as given
    // even where the SPI says that there is none (a card passes over it; published packets do so). Errors: bad_key,
    // unsupported_algorithm (names the nibble), bad_counter (above FFFFFFFFFF), too_long
    // (limits::secured_packet_octets), bad_checksum_length. On failure `out` is as it was.
    [[nodiscard]] result<void> encode_command(const packet_security& security, const packet_keys& keys,
                                              std::uint64_t counter, byte_view data, bytes& out);

    // `packet` begins with CPL and ends where CPL says. A wrong RC or CC is not an error: verified is false and data is
    // what deciphering gave, padding included if the padding counter makes no sense. security.aes_checksum_octets is
    // taken from CHL. Errors: truncated, bad_length, bad_header_length, bad_padding, bad_key, unsupported_algorithm.
    [[nodiscard]] result<command_packet> decode_command(byte_view packet, const packet_keys& keys,
                                                        const implicit_algorithms& agreed = {});
    // Only what travels in clear: SPI, KIc, KID, TAR; a receiver picks the keys by it.
    [[nodiscard]] static result<packet_security> peek_command(byte_view packet);

    // A card's answer to a command with this security: appends 02 71 00 (if with_header), RPL..end. The status and data
    // are secured as SPI2 says, or not at all if `unsecured`. Errors as encode_command.
    [[nodiscard]] result<void> encode_response(const packet_security& security, const packet_keys& keys,
                                               std::uint64_t counter, std::uint8_t status, byte_view data,
                                               bool unsecured, bool with_header, bytes& out);

    // `packet` begins with RPL, or with 02 71 00 before it. Decoded with the security that SPI2 asks for. A CC that is
    // there and wrong gives verified = false. Cards answer errors without security although it was asked for; such a
    // packet gives secured = false and no verified: never trust its status 00. How it is told from a secured one:
    // - SPI2 asks for an RC or CC: it has none, RHL is 10. Keys are not needed then.
    // - SPI2 asks for ciphering alone: RHL is 10 in both forms. It is unsecured when the part that would be ciphered is
    // no
    //   whole number of blocks. Else it is deciphered, and believed if the padding counter is below the block and the
    //   data, and the status one that the standard defines; if not, the clear reading is taken when it has padding
    //   counter 0 and a defined status other than 00. A reserved status needs the former to hold all the same.
    // Errors: those of decode_command; bad_header_length also when the RC or CC has another length than asked for.
    [[nodiscard]] result<response_packet> decode_response(byte_view packet, const packet_security& security,
                                                          const packet_keys& keys);
    // TAR of a response, in clear in every form.
    [[nodiscard]] static result<toolkit_application_reference> peek_response(byte_view packet);

private:
    // Commands and responses (02 71 00 included) both carry their RC or CC at offset 16; they differ in how many octets
    // before it stay in clear. Both work in place.
    result<void> protect(std::span<std::uint8_t> packet, std::size_t clear_octets,
                         const detail::packet_algorithms& algorithms, const packet_keys& keys);
    result<std::optional<bool>> unprotect(std::span<std::uint8_t> packet, std::size_t clear_octets,
                                          const detail::packet_algorithms& algorithms, const packet_keys& keys);
    result<response_packet> decode_ciphered_only(byte_view packet, const detail::packet_algorithms& algorithms,
                                                 const packet_keys& keys);

    crypto::block_crypto crypto_;
    bytes scratch_;
    bytes check_input_;
};

// The low nibble that names an algorithm in KIc (3GPP/ETSI coding: DES-CBC 1, 3DES two keys 5, three keys 9, AES 2),
// and the whole octet with the key version before it.
[[nodiscard]] std::uint8_t algorithm_octet(crypto::cipher_algorithm algorithm, std::uint8_t key_version);

}  // namespace tessera::codec
