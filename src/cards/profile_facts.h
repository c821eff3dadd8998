// What the catalogue says of a card profile: its applications, the least security that they take, what its cards can
// and what they do otherwise than the standard has it. A vendor's batch of a profile may differ from the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/secured_packet.h"
#include "crypto/block_crypto.h"

namespace tessera::cards {

// The minimum security level of an application (ETSI TS 102 226 clause 8.2.1.3.2.4.2 codes it as SPI1), and how its
// proofs of receipt are to be secured (SPI2), where that is said.
struct minimum_security {
    std::uint8_t first = 0;
    std::optional<std::uint8_t> second;
    friend bool operator==(const minimum_security&, const minimum_security&) = default;
};

enum class select_method : std::uint8_t { by_path = 0, by_fid = 1 };
[[nodiscard]] std::string_view to_string(select_method method);

// What has been seen on real cards beside the standard, each by name. Unset: nothing is said.
struct profile_quirks {
    std::optional<std::uint8_t> cc_len;         // octets of an AES CC: 4 or 8
    std::optional<select_method> select;        // by_fid: SELECT by path is refused, so files are reached step by step
    std::optional<bool> concatenated_por;       // false: an answer that takes more than one short message never comes
    std::optional<std::uint8_t> replay_status;  // 02 or 06: how a packet that came twice is answered
    std::optional<bool> secured_error_por;      // false: security errors come without the security asked for
    friend bool operator==(const profile_quirks&, const profile_quirks&) = default;
};

// Unset or empty: nothing is said, anything goes.
struct profile_facts {
    std::vector<std::pair<std::string, std::uint32_t>> tars;  // by name of the application; names and TARs once each
    std::optional<minimum_security> minimum;
    std::vector<crypto::cipher_algorithm> algorithms;  // of KIc and KID
    std::optional<std::size_t> parts_max;              // short messages that a packet may take
    std::optional<std::size_t> longest_message;        // octets of a packet's secured data
    profile_quirks quirks;

    [[nodiscard]] std::optional<std::uint32_t> tar_of(std::string_view application) const;
    [[nodiscard]] bool has_tar(std::uint32_t tar) const;
    [[nodiscard]] std::string list_of_tars() const;  // "uicc b00000, usim b00140"
    friend bool operator==(const profile_facts&, const profile_facts&) = default;
};

// Cards of a profile with an ICCID in a range. What it says goes before what the profile says.
struct profile_batch {
    std::string name;
    std::string first_iccid, last_iccid;  // 18 to 20 digits; both belong to it
    profile_facts facts;

    [[nodiscard]] bool has(std::string_view iccid) const { return first_iccid <= iccid && iccid <= last_iccid; }
    friend bool operator==(const profile_batch&, const profile_batch&) = default;
};

struct profile_entry {
    std::string name;
    profile_facts facts;
    std::vector<profile_batch> batches;  // whose ranges do not meet

    // Null: the profile as such.
    [[nodiscard]] const profile_batch* batch_of(std::string_view iccid) const;
    // All that holds for the cards of a batch, or (null) for those of none.
    [[nodiscard]] profile_facts facts_of(const profile_batch* batch) const;
    friend bool operator==(const profile_entry&, const profile_entry&) = default;
};

// In words, as errors and `tessera profile show` have them.
struct security_words {
    std::string_view ciphering, integrity, counter, por_ciphering, por_integrity;
};
[[nodiscard]] security_words words_of(codec::security_parameter_indicator spi);

}  // namespace tessera::cards
