#include "operations/store.h"

#include <algorithm>

#include "base/limits.h"

namespace tessera::operations {
namespace {

// Literals below, so that partial rows of an index can be used.
static_assert(static_cast<int>(operation_state::in_flight) == 0 && static_cast<int>(outcome::unknown) == 3);

result<std::vector<cards::card_id>> read_cards(store::statement& query) {
    std::vector<cards::card_id> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query.step());
        if (!more) return found;
        found.push_back(cards::card_id{query.integer(0)});
    }
}

result<std::vector<operation_key>> read_keys(store::statement& query) {
    std::vector<operation_key> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query.step());
        if (!more) return found;
        found.push_back(operation_key{query.integer(0)});
    }
}

std::int64_t spi_number(codec::security_parameter_indicator spi) { return spi.first << 8 | spi.second; }

}  // namespace

result<operation_key> operation_store::insert(const stored_operation& begun, const single_request& asked) {
    TESSERA_TRY_VALUE(auto* last, database_->kept("SELECT COALESCE(MAX(operation_key), 0) FROM operation"));
    TESSERA_TRY_VALUE(const auto before, last->with().single_integer());
    TESSERA_TRY_VALUE(const auto now, moment());
    TESSERA_TRY_VALUE(
        auto* put, database_->kept("INSERT INTO operation (operation_key, id, card_id, moment, state, kind, what, "
                                   "application, key_version, attempts, started_at, spi, checksum_octets, "
                                   "parts_max, file, record, commands, content) VALUES "
                                   "($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, $14, $15, $16, $17)"));
    bytes content = asked.file.content;
    for (const auto& command : asked.commands) append(content, command);
    TESSERA_TRY(put->with(before + 1, begun.id, begun.card.value, now + 1, operation_state::in_flight, begun.kind,
                          begun.what, begun.application, begun.key_version, to_microseconds(begun.started_at),
                          spi_number(asked.security.spi), asked.security.aes_checksum_octets, asked.parts_max,
                          asked.file.file, asked.file.record, asked.commands.size(), content)
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
    return put
        ->with(key.value, operation_state::ended, what, why.kind, why.value, why.detail, attempts, to_microseconds(now))
        .execute();
}

result<std::vector<operation_key>> operation_store::unknown(cards::card_id card) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT operation_key FROM operation WHERE outcome = 3 AND card_id = $1 "
                                      "ORDER BY operation_key DESC LIMIT $2"));
    return read_keys(query->with(card.value, limits::unknown_operations));
}

result<std::vector<operation_key>> operation_store::unknown(cards::card_id card, std::uint32_t application) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT operation_key FROM operation WHERE outcome = 3 AND card_id = $1 "
                                      "AND application = $2 ORDER BY operation_key DESC LIMIT $3"));
    return read_keys(query->with(card.value, application, limits::unknown_operations));
}

result<void> operation_store::add_answer(operation_key key, byte_view octets) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO operation_answer (operation_key, ordinal, octets) "
                                                 "SELECT $1, COALESCE(MAX(ordinal), -1) + 1, $2 "
                                                 "FROM operation_answer WHERE operation_key = $1"));
    return put->with(key.value, octets).execute();
}

result<std::optional<operation_store::record>> operation_store::whole(operation_key key) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT kind, key_version, application, spi, checksum_octets, "
                                                   "parts_max, file, record, commands, content FROM operation "
                                                   "WHERE operation_key = $1 AND spi <> 0 AND kind <> $2"));
    TESSERA_TRY_VALUE(const bool there, query->with(key.value, operation_kind::trial).step());
    if (!there) return std::nullopt;
    record made;
    auto& asked = made.asked;
    asked.kind = static_cast<operation_kind>(query->integer(0));
    asked.security.key_version = static_cast<std::uint8_t>(query->integer(1));
    store_big_endian(asked.security.tar.data(), static_cast<std::uint64_t>(query->integer(2)),
                     asked.security.tar.size());
    asked.security.spi = {static_cast<std::uint8_t>(query->integer(3) >> 8),
                          static_cast<std::uint8_t>(query->integer(3) & 0xff)};
    asked.security.aes_checksum_octets = static_cast<std::uint8_t>(query->integer(4));
    asked.parts_max = static_cast<std::size_t>(query->integer(5));
    asked.file = {std::string(query->text(6)), static_cast<std::uint16_t>(query->integer(7)), {}};
    asked.commands.resize(static_cast<std::size_t>(query->integer(8)));
    (asked.commands.empty() ? asked.file.content : asked.commands.front()) = to_bytes(query->octets(9));
    asked.leap_max = limits::counter_leap_max;  // its packets say how far it went
    query->reset();
    TESSERA_TRY_VALUE(auto* packets, database_->kept("SELECT counter FROM operation_packet WHERE operation_key = $1 "
                                                     "ORDER BY sequence"));
    packets->with(key.value);
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, packets->step());
        if (!more) break;
        made.counters.push_back(static_cast<std::uint64_t>(packets->integer(0)));
    }
    TESSERA_TRY_VALUE(auto* answers, database_->kept("SELECT octets FROM operation_answer WHERE operation_key = $1 "
                                                     "ORDER BY ordinal"));
    answers->with(key.value);
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, answers->step());
        if (!more) return made;
        made.answers.push_back(to_bytes(answers->octets(0)));
    }
}

result<void> operation_store::revise(operation_key key, outcome what, const cause& why) {
    TESSERA_TRY(touch(key));
    TESSERA_TRY_VALUE(auto* put, database_->kept("UPDATE operation SET outcome = $2, cause = $3, cause_value = $4, "
                                                 "cause_detail = $5 WHERE operation_key = $1"));
    return put->with(key.value, what, why.kind, why.value, why.detail).execute();
}

result<std::int64_t> operation_store::moment() {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT COALESCE(MAX(moment), 0) FROM operation"));
    return query->with().single_integer();
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

result<std::int64_t> operation_store::abandon(timestamp begun_before, timestamp now) {
    TESSERA_TRY_VALUE(const auto latest, moment());
    TESSERA_TRY_VALUE(
        auto* put,
        database_->kept("UPDATE operation SET state = $1, outcome = $2, cause = $3, moment = $5, "
                        "cause_value = 0, cause_detail = 0, ended_at = $4 WHERE state = 0 AND started_at < $6"));
    TESSERA_TRY(put->with(operation_state::ended, outcome::unknown, cause_kind::no_answer, to_microseconds(now),
                          latest + 1, to_microseconds(begun_before))
                    .execute());
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
