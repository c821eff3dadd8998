// Key encryption keys (KIK, DEK: key 3 of a security domain's key set), and key sets that are on their way to a card.
//
// A key set that a campaign makes is committed as pending before anything of it is sent: the card may have it, or may
// not. Nobody speaks by a pending one except to find out. Proved, it becomes the card's current one; the one before
// stays in the registry. One per connection; everything runs in the caller's transaction.
#pragma once

#include <optional>
#include <vector>

#include "cards/key_vault.h"
#include "cards/store.h"

namespace tessera::cards {

struct encryption_key {
    crypto::cipher_algorithm algorithm{};
    secret key;
};

enum class rotation_state : std::uint8_t { pending = 0, proved = 1 };

class key_rotation_store {
public:
    explicit key_rotation_store(store::connection& database) : database_(&database) {}

    // False: the key set has one.
    [[nodiscard]] result<bool> insert_encryption_key(card_id card, std::uint8_t key_version,
                                                     crypto::cipher_algorithm algorithm, byte_view wrapped);
    // Errors: bad_wrapping.
    [[nodiscard]] result<std::optional<encryption_key>> find_encryption_key(card_id card, std::uint8_t key_version,
                                                                            key_vault& vault);

    // Nothing: no campaign brought that key set.
    [[nodiscard]] result<std::optional<rotation_state>> state_of(card_id card, std::uint8_t key_version);
    [[nodiscard]] result<void> begin(card_id card, std::uint8_t key_version, std::uint8_t replaced, timestamp now);
    // The card has answered under it.
    [[nodiscard]] result<void> prove(card_id card, std::uint8_t key_version, timestamp now);

    // The card may have another key set in place of this one, or has it: what it says of packets under this one may be
    // that it no longer knows the keys.
    [[nodiscard]] result<bool> may_be_replaced(card_id card, std::uint8_t key_version);

    // The key set by which to speak where nobody says which: the one that was proved last; else `otherwise`.
    [[nodiscard]] result<std::uint8_t> current(card_id card, std::uint8_t otherwise);
    // Whether any card has one: else nobody need ask card by card.
    [[nodiscard]] result<bool> any_current();
    // Without those that are pending.
    [[nodiscard]] result<std::vector<stored_key_set>> usable_key_sets(card_id card);

private:
    store::connection* database_;
};

}  // namespace tessera::cards
