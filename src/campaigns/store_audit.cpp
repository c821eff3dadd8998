// What audits keep of the cards' files.
#include "campaigns/store.h"

namespace tessera::campaigns {
namespace {

#define TESSERA_READING_COLUMNS                                                                                 \
    "SELECT card_id, place, state, content, whole, corrected, status_word, command, counter, expected, drift, " \
    "key_version FROM audit_reading "

campaign_store::stored_reading read_row(const store::statement& row) {
    campaign_store::stored_reading made;
    made.card = cards::card_id{row.integer(0)};
    made.place = static_cast<std::size_t>(row.integer(1));
    auto& found = made.found;
    found.now = static_cast<operations::reading::state>(row.integer(2));
    found.content = to_bytes(row.octets(3));
    found.whole = row.integer(4) != 0;
    found.corrected = static_cast<std::uint16_t>(row.integer(5));
    found.status_word = static_cast<std::uint16_t>(row.integer(6));
    found.command = static_cast<std::uint8_t>(row.integer(7));
    found.counter = static_cast<std::uint64_t>(row.integer(8));
    if (!row.is_null(9)) made.expected = to_bytes(row.octets(9));
    made.drift = row.integer(10) != 0;
    found.key_version = static_cast<std::uint8_t>(row.integer(11));
    return made;
}

}  // namespace

result<void> campaign_store::put_reading(campaign_key key, const stored_reading& made) {
    TESSERA_TRY_VALUE(
        auto* put,
        database_->kept(
            "INSERT INTO audit_reading (campaign_key, card_id, place, state, content, whole, corrected, status_word, "
            "command, counter, expected, drift, key_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
            "$12, $13) "
            "ON CONFLICT (campaign_key, card_id, place) DO UPDATE SET state = excluded.state, content = "
            "excluded.content, whole = excluded.whole, corrected = excluded.corrected, status_word = "
            "excluded.status_word, command = excluded.command, counter = excluded.counter, expected = "
            "excluded.expected, drift = excluded.drift, key_version = excluded.key_version"));
    const auto& found = made.found;
    put->with(key.value, made.card.value, made.place, found.now, found.content, found.whole, found.corrected,
              found.status_word, found.command, found.counter, made.expected ? byte_view(*made.expected) : byte_view{},
              made.drift, found.key_version);
    if (!made.expected) put->bind_null(11);
    return put->execute();
}

result<std::vector<campaign_store::stored_reading>> campaign_store::readings(campaign_key key, cards::card_id first,
                                                                             cards::card_id last) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept(TESSERA_READING_COLUMNS "WHERE campaign_key = $1 AND card_id BETWEEN $2 AND $3 "
                                                              "ORDER BY card_id, place"));
    query->with(key.value, first.value, last.value);
    std::vector<stored_reading> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(read_row(*query));
    }
}

result<void> campaign_store::count_drift(const chunk_id& where, std::int64_t cards) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO audit_drift (campaign_key, round, chunk, cards) VALUES "
                                                 "($1, $2, $3, $4) ON CONFLICT (campaign_key, round, chunk) DO UPDATE "
                                                 "SET cards = audit_drift.cards + excluded.cards"));
    return put->with(where.campaign.value, where.round, where.number, cards).execute();
}

result<std::int64_t> campaign_store::drifted(campaign_key key) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT COALESCE(SUM(cards), 0) FROM audit_drift WHERE campaign_key = $1"));
    return query->with(key.value).single_integer();
}

}  // namespace tessera::campaigns
