// Remote application management commands (GlobalPlatform Card Specification 2.3 clause 11, as ETSI TS 102 226 clause 8
// has them over the air): INSTALL, LOAD, DELETE, GET STATUS, PUT KEY. Commands are made without Le: the compact format
// returns the last command's data anyway, the expanded format adds it (with_expected()).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "codec/apdu.h"
#include "crypto/block_crypto.h"

namespace tessera::codec::global_platform {

inline constexpr std::uint8_t class_octet = 0x80;
inline constexpr std::uint8_t ins_install = 0xe6, ins_load = 0xe8, ins_delete = 0xe4, ins_get_status = 0xf2,
                              ins_put_key = 0xd8;
inline constexpr std::uint8_t p1_for_load = 0x02, p1_for_install_and_make_selectable = 0x0c;
inline constexpr std::uint8_t p1_more_blocks = 0x00, p1_last_block = 0x80;
inline constexpr std::uint8_t p2_related_objects = 0x80;  // of DELETE: a load file, and the applications made from it

// Application identifiers, ISO/IEC 7816-5.
inline constexpr std::size_t aid_octets_min = 5, aid_octets_max = 16;
[[nodiscard]] inline bool is_aid(byte_view octets) {
    return octets.size() >= aid_octets_min && octets.size() <= aid_octets_max;
}

// INSTALL [for load], clause 11.5.2.3.1. Empty: the field is there with length zero.
struct load_request {
    byte_view load_file;
    byte_view security_domain;  // empty: the one that is spoken to
    byte_view hash;             // of the load file data block
    byte_view parameters;
    byte_view token;
};
// Errors: bad_aid, too_long (the fields do not fit 255 octets).
[[nodiscard]] result<bytes> install_for_load(const load_request& request);

// INSTALL [for install and make selectable], clause 11.5.2.3.2.
struct install_request {
    byte_view load_file;
    byte_view module;
    byte_view instance;
    byte_view privileges;  // 1 or 3 octets
    byte_view parameters;  // C9 and what else table 11-49 names
    byte_view token;
};
// Errors: bad_aid, too_long.
[[nodiscard]] result<bytes> install_and_make_selectable(const install_request& request);

// LOAD, clause 11.6: the components as a load file data block (C4 and its length before them), cut into blocks of at
// most `block_octets` (1..255). Errors: too_long (more than 256 blocks, or 65,535 octets), bad_length.
[[nodiscard]] result<std::vector<bytes>> load_blocks(byte_view components, std::size_t block_octets);

// DELETE, clause 11.2. Errors: bad_aid.
[[nodiscard]] result<bytes> delete_object(byte_view aid, bool related);

// GET STATUS, clause 11.4: P1.
enum class status_of : std::uint8_t { applications = 0x40, load_files = 0x20 };
// Of the one object with that AID, in the TLV form (P2 02). Errors: bad_aid.
[[nodiscard]] result<bytes> get_status(status_of what, byte_view aid);
// One E3 of the answer.
struct status_entry {
    byte_view aid;
    std::uint8_t life_cycle = 0;
    byte_view privileges;  // C5
    byte_view version;     // CE: of a load file; empty where the card does not tell
};
inline constexpr std::uint8_t load_file_loaded = 0x01, application_selectable = 0x07;  // life cycles, clause 11.1.1
// Errors: truncated, missing_field.
[[nodiscard]] result<std::vector<status_entry>> parse_status(byte_view data);

// PUT KEY, clause 11.8, format 1, three keys in one command (P2 81): KIc, KID and the key encryption key, identifiers
// 1, 2 and 3 (TS 102 226 clause 8.2.1.5).
struct new_key {
    crypto::cipher_algorithm algorithm{};
    byte_view key;
};
struct key_request {
    std::uint8_t replaced = 0;  // version; 0: the new key set is added
    std::uint8_t version = 0;   // 1..127
    std::vector<new_key> keys;
    // What encrypts them: the key encryption key of the security domain that is spoken to. DES in ECB, AES in CBC.
    crypto::cipher_algorithm encryption{};
    byte_view encryption_key;
};
// Errors: bad_key, too_long.
[[nodiscard]] result<bytes> put_key(crypto::block_crypto& crypto, const key_request& request);
// The first three octets of encrypting eight zero octets (DES) or sixteen octets of 01 (AES). Errors: bad_key.
[[nodiscard]] result<std::array<std::uint8_t, 3>> key_check_value(crypto::block_crypto& crypto,
                                                                  crypto::cipher_algorithm algorithm, byte_view key);

// What a card finds in PUT KEY; keys deciphered, check values not yet looked at.
struct received_key {
    crypto::cipher_algorithm algorithm{};
    secret key;
    byte_view check_value;  // empty: none was sent
};
// Errors: bad_length, unsupported_algorithm, bad_key.
[[nodiscard]] result<std::vector<received_key>> parse_put_key(crypto::block_crypto& crypto, byte_view data,
                                                              crypto::cipher_algorithm encryption,
                                                              byte_view encryption_key);

// The fields of INSTALL, each behind a length of one octet. Errors: truncated (the octets are not so many fields).
[[nodiscard]] result<std::vector<byte_view>> parse_fields(byte_view data, std::size_t count);

// The same command asking for its data: an Le of 00 behind the data, as the expanded format wants it of commands whose
// answer matters.
[[nodiscard]] bytes with_expected(byte_view command);

}  // namespace tessera::codec::global_platform
