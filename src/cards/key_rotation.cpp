#include "cards/key_rotation.h"

namespace tessera::cards {

result<bool> key_rotation_store::insert_encryption_key(card_id card, std::uint8_t key_version,
                                                       crypto::cipher_algorithm algorithm, byte_view wrapped) {
    TESSERA_TRY_VALUE(auto* make,
                      database_->kept("INSERT INTO key_encryption_key (card_id, key_version, algorithm, wrapped) "
                                      "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"));
    TESSERA_TRY(make->with(card.value, key_version, algorithm, wrapped).execute());
    return database_->changed() == 1;
}

result<std::optional<encryption_key>> key_rotation_store::find_encryption_key(card_id card, std::uint8_t key_version,
                                                                              key_vault& vault) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT algorithm, wrapped FROM key_encryption_key "
                                                   "WHERE card_id = $1 AND key_version = $2"));
    TESSERA_TRY_VALUE(const bool there, query->with(card.value, key_version).step());
    if (!there) return std::nullopt;
    encryption_key found;
    found.algorithm = static_cast<crypto::cipher_algorithm>(query->integer(0));
    auto key = vault.unwrap_encryption_key(card, key_version, found.algorithm, query->octets(1));
    query->reset();
    if (!key) return std::unexpected(std::move(key).error());
    found.key = std::move(*key);
    return found;
}

result<std::optional<rotation_state>> key_rotation_store::state_of(card_id card, std::uint8_t key_version) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT state FROM key_rotation WHERE card_id = $1 AND key_version = $2"));
    TESSERA_TRY_VALUE(const bool there, query->with(card.value, key_version).step());
    if (!there) return std::nullopt;
    const auto found = static_cast<rotation_state>(query->integer(0));
    query->reset();
    return found;
}

result<void> key_rotation_store::begin(card_id card, std::uint8_t key_version, std::uint8_t replaced, timestamp now) {
    TESSERA_TRY_VALUE(auto* make, database_->kept("INSERT INTO key_rotation (card_id, key_version, replaced, state, "
                                                  "begun_at) VALUES ($1, $2, $3, $4, $5)"));
    return make->with(card.value, key_version, replaced, rotation_state::pending, to_microseconds(now)).execute();
}

result<void> key_rotation_store::prove(card_id card, std::uint8_t key_version, timestamp now) {
    TESSERA_TRY_VALUE(auto* set, database_->kept("UPDATE key_rotation SET state = $3, proved_at = $4 "
                                                 "WHERE card_id = $1 AND key_version = $2"));
    TESSERA_TRY(set->with(card.value, key_version, rotation_state::proved, to_microseconds(now)).execute());
    TESSERA_TRY_VALUE(auto* make,
                      database_->kept("INSERT INTO current_key_set (card_id, key_version) VALUES ($1, $2) "
                                      "ON CONFLICT (card_id) DO UPDATE SET key_version = excluded.key_version"));
    return make->with(card.value, key_version).execute();
}

result<bool> key_rotation_store::may_be_replaced(card_id card, std::uint8_t key_version) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT 1 FROM key_rotation WHERE card_id = $1 AND replaced = $2 LIMIT 1"));
    TESSERA_TRY_VALUE(const bool there, query->with(card.value, key_version).step());
    if (there) query->reset();
    return there;
}

result<std::uint8_t> key_rotation_store::current(card_id card, std::uint8_t otherwise) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT key_version FROM current_key_set WHERE card_id = $1"));
    TESSERA_TRY_VALUE(const bool there, query->with(card.value).step());
    if (!there) return otherwise;
    const auto found = static_cast<std::uint8_t>(query->integer(0));
    query->reset();
    return found;
}

result<bool> key_rotation_store::any_current() {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT 1 FROM current_key_set LIMIT 1"));
    TESSERA_TRY_VALUE(const bool there, query->with().step());
    if (there) query->reset();
    return there;
}

result<std::vector<stored_key_set>> key_rotation_store::usable_key_sets(card_id card) {
    TESSERA_TRY_VALUE(auto sets, card_store(*database_).key_sets(card));
    std::vector<stored_key_set> usable;
    for (auto& one : sets) {
        TESSERA_TRY_VALUE(const auto state, state_of(card, one.header.key_version));
        if (state != rotation_state::pending) usable.push_back(std::move(one));
    }
    return usable;
}

}  // namespace tessera::cards
