#include "campaigns/chunk_keys.h"

namespace tessera::campaigns {
namespace {

// card, its key set's version $5 for application $6
#define TESSERA_CHUNK_KEYS(key_application)                                                                      \
    "SELECT k.kic_algorithm, k.kid_algorithm, k.application, k.wrapped, t.card_id FROM target t JOIN key_set k " \
    "ON k.card_id = t.card_id AND k.key_version = $5 AND k.application = " key_application                       \
    " WHERE t.campaign_key = $1 AND t.round = $2 AND t.card_id BETWEEN $3 AND $4 AND $6 >= 0 ORDER BY t.card_id"
#define TESSERA_CARD_KEYS                                                                                    \
    "SELECT k.kic_algorithm, k.kid_algorithm, k.application, k.wrapped FROM key_set k WHERE k.card_id = $1 " \
    "AND k.key_version = $2 AND k.application = "

cards::key_set_header read_header(const store::statement& row, std::uint8_t key_version) {
    return {key_version, static_cast<crypto::cipher_algorithm>(row.integer(0)),
            static_cast<crypto::cipher_algorithm>(row.integer(1)), 0, row.integer(2)};
}

}  // namespace

result<void> chunk_keys::load(store::connection& reader, const chunk& held, std::uint8_t key_version,
                              std::uint32_t application) {
    reader_ = &reader;
    key_version_ = key_version;
    application_ = application;
    rows_.clear();
    wrapped_.clear();
    next_ = 0;
    TESSERA_TRY_VALUE(own_keys_, cards::card_store(reader).any_key_set_of(application));
    TESSERA_TRY_VALUE(auto* query,
                      own_keys_ ? reader.kept(TESSERA_CHUNK_KEYS(TESSERA_KEYS_OF_APPLICATION("t.card_id", "$5", "$6")))
                                : reader.kept(TESSERA_CHUNK_KEYS(TESSERA_KEYS_OF_ALL)));
    query->with(held.id.campaign.value, held.id.round, held.first.value, held.last.value, key_version, application);
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return {};
        const auto octets = query->octets(3);
        rows_.push_back(
            {cards::card_id{query->integer(4)}, read_header(*query, key_version), wrapped_.size(), octets.size()});
        wrapped_.insert(wrapped_.end(), octets.begin(), octets.end());
    }
}

result<cards::key_set> chunk_keys::of(cards::card_id card, std::uint8_t key_version, cards::key_vault& vault) {
    if (key_version != key_version_) return ask(card, key_version, vault);
    while (next_ < rows_.size() && rows_[next_].card < card) ++next_;
    if (next_ == rows_.size() || rows_[next_].card != card) return ask(card, key_version, vault);
    const auto& found = rows_[next_];
    return vault.unwrap(card, found.header, byte_view(wrapped_).subspan(found.at, found.octets));
}

result<cards::key_set> chunk_keys::ask(cards::card_id card, std::uint8_t key_version, cards::key_vault& vault) {
    TESSERA_TRY_VALUE(auto* query, own_keys_
                                       ? reader_->kept(TESSERA_CARD_KEYS TESSERA_KEYS_OF_APPLICATION("$1", "$2", "$3"))
                                       : reader_->kept(TESSERA_CARD_KEYS TESSERA_KEYS_OF_ALL " AND $3 >= 0"));
    TESSERA_TRY_VALUE(const bool there, query->with(card.value, key_version, application_).step());
    if (!there) return failure("no_key", "card", "the key set that a packet was built with is gone");
    auto keys = vault.unwrap(card, read_header(*query, key_version), query->octets(3));
    query->reset();
    return keys;
}

}  // namespace tessera::campaigns
