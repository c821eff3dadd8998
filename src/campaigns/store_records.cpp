// The rows that there is one of per card: messages, answers, outcomes.
#include "base/limits.h"
#include "campaigns/store.h"

// Every round by its number, not as a range: with a range the primary key cannot find the card, and every late message
// would read all messages of the campaign.
#define TESSERA_ROUNDS "(1, 2, 3, 4, 5, 6, 7, 8)"

namespace tessera::campaigns {

static_assert(limits::rounds == 8);

result<void> campaign_store::put_message(const chunk_id& where, cards::card_id card, int sequence,
                                         std::uint8_t key_version, std::uint64_t counter, std::int64_t image_version,
                                         byte_view packet) {
    TESSERA_TRY_VALUE(
        auto* put,
        database_->kept(
            "INSERT INTO message (campaign_key, round, card_id, sequence, key_version, counter, image_version, packet) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"));
    return put
        ->with(where.campaign.value, where.round, card.value, sequence, key_version, counter, image_version, packet)
        .execute();
}

result<void> campaign_store::put_answer(campaign_key key, int round, cards::card_id card, std::int64_t ordinal,
                                        operations::answer_kind kind, int attempt, std::uint32_t status,
                                        byte_view octets) {
    TESSERA_TRY_VALUE(
        auto* put,
        database_->kept("INSERT INTO answer (campaign_key, round, card_id, ordinal, kind, attempt, status, octets) "
                        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"));
    return put->with(key.value, round, card.value, ordinal, kind, attempt, status, octets).execute();
}

result<void> campaign_store::put_unmatched(std::int64_t ordinal, std::uint64_t subscriber, byte_view octets) {
    TESSERA_TRY_VALUE(
        auto* put, database_->kept("INSERT INTO unmatched_message (ordinal, subscriber, octets) VALUES ($1, $2, $3)"));
    return put->with(ordinal, subscriber, octets).execute();
}

result<void> campaign_store::put_outcome(campaign_key key, const card_outcome& found, int revision, int round,
                                         timestamp now) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO outcome (campaign_key, card_id, revision, outcome, "
                                                 "cause, cause_value, cause_detail, attempts, round, settled_at) "
                                                 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"));
    return put
        ->with(key.value, found.card.value, revision, found.what, found.why.kind, found.why.value, found.why.detail,
               found.attempts, round, to_microseconds(now))
        .execute();
}

result<std::optional<campaign_store::stored_outcome>> campaign_store::latest_outcome(campaign_key key,
                                                                                     cards::card_id card) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT revision, outcome, round, attempts, settled_at FROM outcome WHERE "
                                      "campaign_key = $1 AND card_id = $2 ORDER BY revision DESC LIMIT 1"));
    TESSERA_TRY_VALUE(const bool there, query->with(key.value, card.value).step());
    if (!there) return std::nullopt;
    stored_outcome found{static_cast<int>(query->integer(0)), static_cast<operations::outcome>(query->integer(1)),
                         static_cast<int>(query->integer(2)), static_cast<int>(query->integer(3)),
                         from_microseconds(query->integer(4))};
    query->reset();
    return found;
}

result<void> campaign_store::recount(campaign_key key, cards::card_id card, int round, operations::outcome from,
                                     operations::outcome to) {
    outcome_counts change;
    change.count(from, -1);
    change.count(to, 1);
    TESSERA_TRY_VALUE(
        auto* move,
        database_->kept(
            "UPDATE chunk SET done = done + $4, skipped = skipped + $5, failed = failed + $6, unknown = unknown + $7 "
            "WHERE campaign_key = $1 AND round = $2 AND $3 BETWEEN first_card AND last_card"));
    return move->with(key.value, round, card.value, change.done, change.skipped, change.failed, change.unknown)
        .execute();
}

result<std::optional<campaign_store::late_match>> campaign_store::match_late(std::uint64_t subscriber,
                                                                             std::uint32_t application) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT m.campaign_key, m.round, m.card_id FROM card c "
                                      "JOIN campaign g ON g.application = $2 "
                                      "JOIN message m ON m.campaign_key = g.campaign_key AND m.card_id = c.card_id AND "
                                      "m.round IN " TESSERA_ROUNDS " "
                                      "WHERE c.msisdn = $1 ORDER BY g.campaign_key DESC, m.round DESC LIMIT 1"));
    TESSERA_TRY_VALUE(const bool there, query->with(subscriber, application).step());
    if (!there) return std::nullopt;
    late_match found{campaign_key{query->integer(0)}, static_cast<int>(query->integer(1)),
                     cards::card_id{query->integer(2)}};
    query->reset();
    return found;
}

result<void> campaign_store::mark_late(cards::card_id card) {
    TESSERA_TRY_VALUE(auto* mark,
                      database_->kept("INSERT INTO late_answer (card_id) VALUES ($1) ON CONFLICT DO NOTHING"));
    return mark->with(card.value).execute();
}

result<std::vector<cards::card_id>> campaign_store::late_cards(std::int64_t limit) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT card_id FROM late_answer ORDER BY card_id LIMIT $1"));
    query->with(limit);
    std::vector<cards::card_id> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(cards::card_id{query->integer(0)});
    }
}

result<void> campaign_store::clear_late(cards::card_id card) {
    TESSERA_TRY_VALUE(auto* clear, database_->kept("DELETE FROM late_answer WHERE card_id = $1"));
    return clear->with(card.value).execute();
}

result<std::vector<campaign_key>> campaign_store::unknown_for(cards::card_id card) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT g.campaign_key FROM campaign g JOIN outcome o ON o.campaign_key = "
                                      "g.campaign_key AND o.card_id = $1 "
                                      "WHERE o.outcome = $2 AND o.revision = (SELECT MAX(l.revision) FROM outcome l "
                                      "WHERE l.campaign_key = g.campaign_key AND l.card_id = $1) "
                                      "ORDER BY g.campaign_key DESC"));
    query->with(card.value, operations::outcome::unknown);
    std::vector<campaign_key> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(campaign_key{query->integer(0)});
    }
}

result<std::vector<campaign_store::message_row>> campaign_store::messages_of(campaign_key key, cards::card_id card) {
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept(
            "SELECT m.round, t.purpose, m.sequence, m.key_version, m.counter FROM campaign g "
            "JOIN message m ON m.campaign_key = g.campaign_key AND m.card_id = $2 AND m.round IN " TESSERA_ROUNDS " "
            "JOIN target t ON t.campaign_key = m.campaign_key AND t.round = m.round AND t.card_id = m.card_id "
            "WHERE g.campaign_key = $1 ORDER BY m.round, m.sequence"));
    query->with(key.value, card.value);
    std::vector<message_row> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back({static_cast<int>(query->integer(0)), static_cast<operations::purpose>(query->integer(1)),
                         static_cast<int>(query->integer(2)), static_cast<std::uint8_t>(query->integer(3)),
                         static_cast<std::uint64_t>(query->integer(4))});
    }
}

result<std::vector<campaign_store::answer_row>> campaign_store::answers_of(cards::card_id card) {
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT a.campaign_key, a.round, a.kind, a.attempt, a.status, a.octets FROM answer a "
                        "WHERE a.campaign_key IN (SELECT campaign_key FROM campaign) AND a.card_id = $1 "
                        "AND a.round IN " TESSERA_ROUNDS " ORDER BY a.ordinal"));
    query->with(card.value);
    std::vector<answer_row> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back({campaign_key{query->integer(0)}, static_cast<int>(query->integer(1)),
                         static_cast<operations::answer_kind>(query->integer(2)), static_cast<int>(query->integer(3)),
                         static_cast<std::uint32_t>(query->integer(4)), to_bytes(query->octets(5))});
    }
}

}  // namespace tessera::campaigns
