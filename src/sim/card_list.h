// The cards of the simulated world, read from the same CSV that `tessera card import` takes: their identities, key sets
// and counters, a few dozen octets each.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/block_crypto.h"
#include "sim/command_interpreter.h"
#include "sim/index_table.h"

namespace tessera::sim {

using card_index = std::uint32_t;
inline constexpr card_index no_card = index_table::none;

struct card_key_set {
    std::uint64_t counter = 0;  // highest accepted by `counter_slot`; by every other application: `base`
    std::uint64_t base = 0;     // highest accepted before the simulation began
    card_index card = no_card;
    std::uint32_t keys = 0;    // where KIc begins in the arena; KID follows it
    std::uint8_t version = 0;  // 1..15
    crypto::cipher_algorithm kic_algorithm{};
    crypto::cipher_algorithm kid_algorithm{};
    std::uint8_t counter_slot = 0xff;  // the application that used this set first; ff: none has yet
    bool one_counter = false;          // for all applications
    std::int32_t tar = -1;             // whose keys they are; -1: every application's that has none of its own
};

struct simulated_card_state {
    card_identity identity;
    std::uint8_t iccid_digits = 0;
    std::uint8_t key_sets = 0;
    std::uint16_t port = 0;  // of a terminal's agent; 0: a card. A terminal's IMEI stands where a card has its ICCID
    verification_attempts attempts;
    std::uint64_t msisdn = 0;
    std::uint32_t first_key_set = 0;
    std::uint32_t messages = 0;  // short messages submitted to it so far: the ordinal of the next one's faults
};

class card_list {
public:
    card_list() = default;
    card_list(card_list&&) = default;
    card_list& operator=(card_list&&) = default;
    ~card_list();  // wipes the keys

    // Header: iccid, imsi, msisdn, kvn, kic_algorithm, kic_key, kid_algorithm, kid_key and, not needed, profile,
    // counter, tags, tar, counter_scope, dek_algorithm, dek_key, kind and port, in any order. Rows of one ICCID are key
    // sets of one card. `name` stands in errors, which carry "NAME:LINE FIELD" and never a key. Errors: bad_header,
    // bad_row, duplicate, too_many.
    [[nodiscard]] static result<card_list> parse(std::string_view csv, std::string_view name);
    // Errors besides: unreadable.
    [[nodiscard]] static result<card_list> load(const std::filesystem::path& file);

    [[nodiscard]] std::size_t size() const { return cards_.size(); }
    [[nodiscard]] simulated_card_state& at(card_index card) { return cards_[card]; }
    [[nodiscard]] const simulated_card_state& at(card_index card) const { return cards_[card]; }
    [[nodiscard]] card_index by_msisdn(std::uint64_t msisdn) const;
    [[nodiscard]] card_index by_iccid(std::string_view digits) const;
    [[nodiscard]] std::string iccid(card_index card) const;
    // Depends on the ICCID alone, so that the faults of a card do not depend on its line in the file.
    [[nodiscard]] std::uint64_t identity_hash(card_index card) const;

    // Null if the card has no key set of this version for this application. The pointer lives as long as the list.
    [[nodiscard]] card_key_set* key_set(card_index card, std::uint8_t version, std::uint32_t tar);
    [[nodiscard]] std::span<const card_key_set> key_sets(card_index card) const;
    [[nodiscard]] byte_view kic(const card_key_set& set) const;
    [[nodiscard]] byte_view kid(const card_key_set& set) const;
    // The key encryption key of a set; empty where it has none.
    struct encryption_key {
        crypto::cipher_algorithm algorithm{};
        byte_view key;
    };
    [[nodiscard]] encryption_key key_encryption_key(const card_key_set& set) const;
    // PUT KEY: another key set, and the one that it replaces is gone (0: none). Its counters begin at 0. Pointers and
    // views of other sets stay valid.
    struct fresh_key {
        crypto::cipher_algorithm algorithm{};
        byte_view key;
    };
    void put_key_set(card_index card, std::uint8_t replaced, std::uint8_t version,
                     const std::array<fresh_key, 3>& keys);
    // Versions that the card has.
    [[nodiscard]] std::vector<std::uint8_t> key_versions(card_index card) const;

    // From now on this card's keys differ from the file's.
    void spoil_keys(card_index card);

private:
    friend class card_list_reader;

    std::vector<simulated_card_state> cards_;
    // A key set that PUT KEY brought.
    struct added_key_set {
        card_key_set set;
        secret kic, kid;
    };
    struct stored_encryption_key {
        crypto::cipher_algorithm algorithm{};
        secret key;
    };
    static std::uint64_t place_of(card_index card, std::uint8_t version) {
        return static_cast<std::uint64_t>(card) << 8U | version;
    }

    std::vector<card_key_set> key_sets_;
    bytes keys_;
    std::unordered_map<std::uint64_t, added_key_set> added_;               // by place_of()
    std::unordered_map<std::uint64_t, stored_encryption_key> encryption_;  // likewise
    index_table by_msisdn_;
    index_table by_iccid_;
};

}  // namespace tessera::sim
