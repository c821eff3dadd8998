// What a campaign keeps of its cards: blocks of messages and answers, outcomes.
#include <algorithm>

#include "base/event_limits.h"
#include "base/limits.h"
#include "campaigns/blocks.h"
#include "campaigns/chunk_rows.h"
#include "campaigns/store.h"
#include "cards/store.h"

namespace tessera::campaigns {
namespace {

// Blocks are lists of entries, so blocks one after another are a block.
result<bytes> joined(store::statement& query) {
    bytes all;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query.step());
        if (!more) return all;
        append(all, query.octets(0));
    }
}

result<std::vector<campaign_store::participation>> read_participations(store::statement& query) {
    std::vector<campaign_store::participation> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query.step());
        if (!more) return found;
        found.push_back({{campaign_key{query.integer(0)}, static_cast<int>(query.integer(1)), query.integer(2)},
                         static_cast<operations::purpose>(query.integer(3))});
    }
}

// Anybody may send messages, so that only the newest are kept: drops the oldest one where there are too many. False:
// there are not.
result<bool> drop_unmatched(store::connection& database) {
    TESSERA_TRY_VALUE(auto* query, database.kept("SELECT kept, octets FROM unmatched_count"));
    TESSERA_TRY(query->with().step());
    const bool over = query->integer(0) > limits::unmatched_messages || query->integer(1) > limits::unmatched_octets;
    query->reset();
    if (!over) return false;
    TESSERA_TRY_VALUE(auto* oldest,
                      database.kept("SELECT ordinal, LENGTH(octets) FROM unmatched_message WHERE ordinal = "
                                    "(SELECT MIN(ordinal) FROM unmatched_message)"));
    TESSERA_TRY(oldest->with().step());
    const auto ordinal = oldest->integer(0), octets = oldest->integer(1);
    oldest->reset();
    TESSERA_TRY_VALUE(auto* drop, database.kept("DELETE FROM unmatched_message WHERE ordinal = $1"));
    TESSERA_TRY(drop->with(ordinal).execute());
    TESSERA_TRY_VALUE(auto* count, database.kept("UPDATE unmatched_count SET kept = kept - 1, octets = octets - $1, "
                                                 "dropped = dropped + 1"));
    TESSERA_TRY(count->with(octets).execute());
    return true;
}

// Of an answer that does not name its application.
std::int64_t or_any(std::optional<std::uint32_t> application) {
    return application ? static_cast<std::int64_t>(*application) : -1;
}

// The tables are joined in this order: a campaign's rounds are few and known by their first phase, so every target is
// found by its whole key. Left to itself, SQLite walks all targets of a round for one card. The chunk is looked up and
// not joined: PostgreSQL would begin with all chunks of a round.
#define TESSERA_CHUNK_OF_TARGET TESSERA_CHUNK_OF("t.campaign_key", "t.round", "t.card_id")
#define TESSERA_ROUNDS_OF_CARD                                                                                  \
    "FROM campaign g CROSS JOIN campaign_phase r CROSS JOIN target t "                                          \
    "WHERE r.campaign_key = g.campaign_key AND r.phase = 1 AND r.run = 1 "                                      \
    "AND t.campaign_key = g.campaign_key AND t.round = r.round AND t.card_id = $1 AND " TESSERA_CHUNK_OF_TARGET \
    " IS NOT NULL "
#define TESSERA_PARTICIPATIONS \
    "SELECT t.campaign_key, t.round, " TESSERA_CHUNK_OF_TARGET ", t.purpose " TESSERA_ROUNDS_OF_CARD

static_assert(static_cast<int>(phase::prepare) == 1);

}  // namespace

result<void> campaign_store::put_messages(const chunk_id& where, byte_view block) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO message_block (campaign_key, round, chunk, octets) "
                                                 "VALUES ($1, $2, $3, $4)"));
    return put->with(where.campaign.value, where.round, where.number, block).execute();
}

result<bytes> campaign_store::messages(const chunk_id& where) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT octets FROM message_block "
                                                   "WHERE campaign_key = $1 AND round = $2 AND chunk = $3"));
    return joined(query->with(where.campaign.value, where.round, where.number));
}

result<std::int64_t> campaign_store::put_answers(const chunk_id& where, std::int64_t ordinal, byte_view block) {
    TESSERA_TRY_VALUE(auto* put,
                      database_->kept("INSERT INTO answer_block (campaign_key, round, chunk, ordinal, octets) "
                                      "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"));
    for (;; ++ordinal) {
        TESSERA_TRY(put->with(where.campaign.value, where.round, where.number, ordinal, block).execute());
        if (database_->changed() == 1) return ordinal;
    }
}

result<bytes> campaign_store::answers(const chunk_id& where) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT octets FROM answer_block "
                                      "WHERE campaign_key = $1 AND round = $2 AND chunk = $3 ORDER BY ordinal"));
    return joined(query->with(where.campaign.value, where.round, where.number));
}

result<std::int64_t> campaign_store::answer_blocks(const chunk_id& where) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT COUNT(*) FROM answer_block WHERE campaign_key = $1 AND "
                                                   "round = $2 AND chunk = $3"));
    return query->with(where.campaign.value, where.round, where.number).single_integer();
}

result<void> campaign_store::put_unmatched(std::int64_t ordinal, std::uint64_t subscriber, byte_view octets) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO unmatched_message (ordinal, subscriber, octets) "
                                                 "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"));
    for (;; ++ordinal) {
        TESSERA_TRY(put->with(ordinal, subscriber, octets).execute());
        if (database_->changed() == 1) break;
    }
    TESSERA_TRY_VALUE(auto* count, database_->kept("UPDATE unmatched_count SET kept = kept + 1, octets = octets + $1"));
    TESSERA_TRY(count->with(octets.size()).execute());
    for (;;) {
        TESSERA_TRY_VALUE(const bool over, drop_unmatched(*database_));
        if (!over) return {};
    }
}

const store::row_shape campaign_store::outcome_rows{
    "INSERT INTO outcome (campaign_key, card_id, revision, outcome, cause, cause_value, cause_detail, attempts, round, "
    "settled_at) VALUES",
    10, "",
    "outcome (campaign_key, card_id, revision, outcome, cause, cause_value, cause_detail, attempts, round, "
    "settled_at)"};

result<void> campaign_store::put_outcome(campaign_key key, const card_outcome& found, int revision, int round,
                                         timestamp now) {
    store::row_batch one(*database_, outcome_rows);
    auto& rows = outcomes_ ? *outcomes_ : one;
    TESSERA_TRY(rows.add(key.value, found.card.value, revision, found.what, found.why.kind, found.why.value,
                         found.why.detail, found.attempts, round, to_microseconds(now)));
    return one.flush();
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
            "WHERE campaign_key = $1 AND round = $2 AND chunk = " TESSERA_CHUNK_OF("$1", "$2", "$3")));
    return move->with(key.value, round, card.value, change.done, change.skipped, change.failed, change.unknown)
        .execute();
}

result<std::optional<cards::card_id>> campaign_store::card_of(std::uint64_t subscriber) {
    TESSERA_TRY_VALUE(auto* holder, database_->kept("SELECT card_id FROM card WHERE msisdn = $1"));
    TESSERA_TRY_VALUE(const bool known, holder->with(subscriber).step());
    if (!known) return std::nullopt;
    const cards::card_id card{holder->integer(0)};
    holder->reset();
    return card;
}

result<std::optional<chunk_id>> campaign_store::match_late(cards::card_id card,
                                                           std::optional<std::uint32_t> application) {
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT t.campaign_key, t.round, " TESSERA_CHUNK_OF_TARGET " " TESSERA_ROUNDS_OF_CARD
                        "AND ($2 < 0 OR g.application = $2 OR g.agent = $2) ORDER BY t.campaign_key DESC, t.round DESC "
                        "LIMIT 1"));
    TESSERA_TRY_VALUE(const bool there, query->with(card.value, or_any(application)).step());
    if (!there) return std::nullopt;
    const chunk_id found{campaign_key{query->integer(0)}, static_cast<int>(query->integer(1)), query->integer(2)};
    query->reset();
    return found;
}

result<campaign_store::number_holders> campaign_store::holders(std::uint64_t subscriber) {
    number_holders found;
    TESSERA_TRY_VALUE(found.cards, cards::card_store(*database_).former_holders(subscriber, limits::former_holders));
    found.moved = !found.cards.empty();
    TESSERA_TRY_VALUE(const auto holder, card_of(subscriber));
    if (holder && std::ranges::find(found.cards, *holder) == found.cards.end()) found.cards.push_back(*holder);
    return found;
}

result<std::optional<chunk_id>> campaign_store::match_late_at(cards::card_id card,
                                                              std::optional<std::uint32_t> application,
                                                              std::uint64_t subscriber) {
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT t.campaign_key, t.round, " TESSERA_CHUNK_OF_TARGET " " TESSERA_ROUNDS_OF_CARD
                        "AND ($2 < 0 OR g.application = $2 OR g.agent = $2) ORDER BY t.campaign_key DESC, t.round DESC "
                        "LIMIT $3"));
    query->with(card.value, or_any(application), limits::late_rounds);
    std::vector<chunk_id> parts;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) break;
        parts.push_back({campaign_key{query->integer(0)}, static_cast<int>(query->integer(1)), query->integer(2)});
    }
    for (const auto& part : parts) {
        TESSERA_TRY_VALUE(const auto block, messages(part));
        TESSERA_TRY_VALUE(const auto entries, parse_messages(block));
        if (std::ranges::any_of(
                entries, [&](const message_entry& one) { return one.card == card && one.subscriber == subscriber; }))
            return part;
    }
    return std::nullopt;
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

result<std::vector<campaign_key>> campaign_store::unproved_for(cards::card_id card) {
    // A counter that is too low was perhaps taken before, when it came for the first time.
    // The latest outcome as a look-up for each campaign: a join is free to begin with all outcomes of all cards.
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept(
            "SELECT g.campaign_key FROM campaign g WHERE (SELECT o.outcome = $2 OR "
            "(o.outcome = $3 AND o.cause = $4 AND (o.cause_detail = 1 OR o.cause_value = $5)) FROM outcome o WHERE "
            "o.campaign_key = g.campaign_key AND o.card_id = $1 "
            "ORDER BY o.revision DESC LIMIT 1) ORDER BY g.campaign_key DESC"));
    query->with(card.value, operations::outcome::unknown, operations::outcome::failed,
                operations::cause_kind::por_status, codec::response_status::counter_low);
    std::vector<campaign_key> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(campaign_key{query->integer(0)});
    }
}

result<std::vector<campaign_store::participation>> campaign_store::participations(campaign_key key,
                                                                                  cards::card_id card) {
    TESSERA_TRY_VALUE(auto* query, database_->kept(TESSERA_PARTICIPATIONS "AND g.campaign_key = $2 ORDER BY t.round"));
    return read_participations(query->with(card.value, key.value));
}

result<std::vector<campaign_store::participation>> campaign_store::participations(cards::card_id card) {
    TESSERA_TRY_VALUE(auto* query, database_->kept(TESSERA_PARTICIPATIONS "ORDER BY t.campaign_key, t.round"));
    return read_participations(query->with(card.value));
}

}  // namespace tessera::campaigns
