#include "operations/store.h"

#include <algorithm>

namespace tessera::operations {
namespace {

enum class state : std::uint8_t { in_flight = 0, ended = 1 };

result<std::vector<cards::card_id>> read_cards(store::statement& query) {
    std::vector<cards::card_id> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query.step());
        if (!more) return found;
        found.push_back(cards::card_id{query.integer(0)});
    }
}

result<std::int64_t> read_number(store::statement& query) {
    TESSERA_TRY(query.with().step());
    const auto found = query.integer(0);
    query.reset();
    return found;
}

}  // namespace

result<operation_key> operation_store::insert(const stored_operation& begun) {
    TESSERA_TRY_VALUE(auto* last, database_->kept("SELECT COALESCE(MAX(operation_key), 0) FROM operation"));
    TESSERA_TRY_VALUE(const auto before, read_number(*last));
    TESSERA_TRY_VALUE(const auto now, moment());
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO operation (operation_key, id, card_id, moment, state, "
                                                 "kind, what, application, key_version, attempts, started_at) "
                                                 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)"));
    TESSERA_TRY(put->with(before + 1, begun.id, begun.card.value, now + 1, state::in_flight, begun.kind, begun.what,
                          begun.application, begun.key_version, to_microseconds(begun.started_at))
                    .execute());
    return operation_key{before + 1};
}

result<void> operation_store::put_packet(operation_key key, int sequence, std::uint64_t counter, byte_view octets) {
    TESSERA_TRY_VALUE(auto* put,
                      database_->kept("INSERT INTO operation_packet (operation_key, sequence, counter, octets) "
                                      "VALUES ($1, $2, $3, $4)"));
    return put->with(key.value, sequence, counter, octets).execute();
}

result<void> operation_store::put_answer(operation_key key, int ordinal, byte_view octets) {
    TESSERA_TRY_VALUE(
        auto* put,
        database_->kept("INSERT INTO operation_answer (operation_key, ordinal, octets) VALUES ($1, $2, $3)"));
    return put->with(key.value, ordinal, octets).execute();
}

result<void> operation_store::touch(operation_key key) {
    TESSERA_TRY_VALUE(const auto now, moment());
    TESSERA_TRY_VALUE(auto* put, database_->kept("UPDATE operation SET moment = $2 WHERE operation_key = $1"));
    return put->with(key.value, now + 1).execute();
}

result<void> operation_store::end(operation_key key, outcome what, const cause& why, int attempts, timestamp now) {
    TESSERA_TRY(touch(key));
    TESSERA_TRY_VALUE(auto* put, database_->kept("UPDATE operation SET state = $2, outcome = $3, cause = $4, "
                                                 "cause_value = $5, cause_detail = $6, attempts = $7, ended_at = $8 "
                                                 "WHERE operation_key = $1"));
    return put->with(key.value, state::ended, what, why.kind, why.value, why.detail, attempts, to_microseconds(now))
        .execute();
}

result<std::int64_t> operation_store::moment() {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT COALESCE(MAX(moment), 0) FROM operation"));
    return read_number(*query);
}

result<std::vector<cards::card_id>> operation_store::touched(cards::card_id first, cards::card_id last,
                                                             std::int64_t moment) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT card_id FROM operation WHERE moment > $3 "
                                                   "AND card_id BETWEEN $1 AND $2"));
    TESSERA_TRY_VALUE(auto found, read_cards(query->with(first.value, last.value, moment)));
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

result<std::vector<cards::card_id>> operation_store::in_flight(cards::card_id first, cards::card_id last) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT card_id FROM operation WHERE state = 0 "
                                                   "AND card_id BETWEEN $1 AND $2 ORDER BY card_id"));
    return read_cards(query->with(first.value, last.value));
}

result<std::int64_t> operation_store::abandon(timestamp now) {
    TESSERA_TRY_VALUE(const auto latest, moment());
    TESSERA_TRY_VALUE(auto* put,
                      database_->kept("UPDATE operation SET state = $1, outcome = $2, cause = $3, moment = $5, "
                                      "cause_value = 0, cause_detail = 0, ended_at = $4 WHERE state = 0"));
    TESSERA_TRY(
        put->with(state::ended, outcome::unknown, cause_kind::no_answer, to_microseconds(now), latest + 1).execute());
    return database_->changed();
}

result<std::vector<stored_operation>> operation_store::history(cards::card_id card) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT operation_key, id, kind, what, application, key_version, "
                                                   "started_at, ended_at, outcome, cause, cause_value, cause_detail "
                                                   "FROM operation WHERE card_id = $1 ORDER BY operation_key"));
    query->with(card.value);
    std::vector<stored_operation> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        stored_operation one{operation_key{query->integer(0)},
                             std::string(query->text(1)),
                             card,
                             static_cast<operation_kind>(query->integer(2)),
                             std::string(query->text(3)),
                             static_cast<std::uint32_t>(query->integer(4)),
                             static_cast<std::uint8_t>(query->integer(5)),
                             from_microseconds(query->integer(6)),
                             std::nullopt,
                             std::nullopt,
                             {}};
        if (!query->is_null(7)) one.ended_at = from_microseconds(query->integer(7));
        if (!query->is_null(8)) one.result = static_cast<outcome>(query->integer(8));
        one.why = {static_cast<cause_kind>(query->integer(9)), query->integer(10), query->integer(11)};
        found.push_back(std::move(one));
    }
}

}  // namespace tessera::operations
