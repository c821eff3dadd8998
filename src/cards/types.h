// The nouns of the registry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/block_crypto.h"

namespace tessera::cards {

struct card_tag;
using card_id = strong_id<card_tag>;  // given at import, rising; the order in which campaigns work
struct profile_tag;
using profile_id = strong_id<profile_tag>;

// How the world names a card. Empty or 0 where it has none yet.
struct card_identity {
    std::string iccid;         // 18 to 20 digits, the last one a Luhn check digit (ITU-T E.118); of a terminal: IMEI
    std::string imsi;          // 6 to 15 digits (ITU-T E.212)
    std::uint64_t msisdn = 0;  // 5 to 15 digits, international, no plus (ITU-T E.164)
    friend bool operator==(const card_identity&, const card_identity&) = default;
};

enum class identifier : std::uint8_t { iccid, imsi, msisdn };

struct card {
    card_id id;
    card_identity identity;
    std::string profile;
    std::int64_t image_version = 0;
    timestamp imported_at;
};

// In place of a TAR: every application that has no key set of its own in that version.
inline constexpr std::int64_t all_applications = -1;

// What a card counts with one counter (TS 102 225 clause 5.1.4 leaves it to the card): the packets of one application
// under one key set, or all that it got under the key set.
enum class counter_scope : std::uint8_t { application = 0, key_set = 1 };

[[nodiscard]] constexpr std::string_view to_string(counter_scope scope) {
    return scope == counter_scope::key_set ? "key_set" : "application";
}

// One KIc/KID pair and the version by which KIc and KID octets name it, 1..15 (TS 102 225 clause 5.1.2).
struct key_set_header {
    std::uint8_t key_version = 0;
    crypto::cipher_algorithm kic_algorithm{};
    crypto::cipher_algorithm kid_algorithm{};
    std::uint64_t initial_counter = 0;            // below every counter that we send
    std::int64_t application = all_applications;  // the TAR of the application or security domain it belongs to
    counter_scope scope = counter_scope::application;
    friend bool operator==(const key_set_header&, const key_set_header&) = default;
};
struct key_set {
    key_set_header header;
    secret kic;
    secret kid;
};

// The application under which a key set's counter for packets to `application` (a TAR) is kept.
[[nodiscard]] constexpr std::int64_t counting_application(counter_scope scope, std::uint32_t application) {
    return scope == counter_scope::key_set ? all_applications : static_cast<std::int64_t>(application);
}

// The last counter given to a packet for one application under one key set.
struct application_counter {
    std::uint8_t key_version = 0;
    std::int64_t application = 0;  // TAR; all_applications: the key set has one counter for all of them
    std::uint64_t counter = 0;
};

// The packet by which the card proved what a file holds. Of two of the same key version and application, the one with
// the higher counter was executed later: the card refuses the other order.
struct image_proof {
    std::uint8_t key_version = 0;
    std::uint32_t application = 0;
    std::uint64_t counter = 0;  // 0: none that is known
};

// One file, or one record of it, that the card is known to hold.
struct image_entry {
    std::string file;          // canonical path, 7f20/6f46
    std::uint16_t record = 0;  // 0: transparent
    bytes content;
    timestamp updated_at;
    image_proof proof;
};

// What an operator knows of a card beside its names, to be written into it: column var.NAME of an import.
struct card_variable {
    std::string name;
    std::string value;
    friend bool operator==(const card_variable&, const card_variable&) = default;
};

// A reading of the card that found something else than the image said.
struct image_difference {
    timestamp at;
    std::string file;
    std::uint16_t record = 0;
    bytes expected;
    bytes found;
};

}  // namespace tessera::cards
