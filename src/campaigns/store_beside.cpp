// What campaigns must know of each other when they are about the same cards.
#include "campaigns/chunk_rows.h"
#include "campaigns/store.h"

namespace tessera::campaigns {
namespace {

// Of campaigns g that may go on sending, or were cancelled and have not settled what they had sent yet: those without
// an outcome for the card.
#define TESSERA_IN_EXCHANGE(which)                                                                                  \
    "FROM campaign g CROSS JOIN chunk k CROSS JOIN target t WHERE " which                                           \
    "AND g.campaign_key <> $1 AND k.campaign_key = g.campaign_key AND k.round = g.round AND k.last_card >= $2 AND " \
    "k.first_card <= $3 "                                                                                           \
    "AND k.state IN (2, 3) AND t.campaign_key = g.campaign_key AND t.round = g.round "                              \
    "AND t.card_id BETWEEN $2 AND $3 AND t.card_id BETWEEN k.first_card AND k.last_card "                           \
    "AND NOT EXISTS (SELECT 1 FROM target n WHERE n.campaign_key = g.campaign_key AND n.round = g.round + 1 "       \
    "AND n.card_id = t.card_id) AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.campaign_key = g.campaign_key "     \
    "AND o.card_id = t.card_id) AND NOT EXISTS (SELECT 1 FROM unsent_target u WHERE u.campaign_key = "              \
    "g.campaign_key AND u.round = g.round AND u.card_id = t.card_id) "
#define TESSERA_MAY_GO_ON TESSERA_IN_EXCHANGE("g.state IN (1, 2, 6) ")
#define TESSERA_NOT_WOUND_UP TESSERA_IN_EXCHANGE("g.state = 4 AND g.phase <> 0 ")
// The numbers stand for these; literals, so that partial rows of an index can be used.
static_assert(static_cast<int>(campaign_state::running) == 1 && static_cast<int>(campaign_state::paused) == 2 &&
              static_cast<int>(campaign_state::cancelled) == 4 && static_cast<int>(campaign_state::waiting) == 5 &&
              static_cast<int>(campaign_state::stopped) == 6);
static_assert(static_cast<int>(chunk_state::released) == 2 && static_cast<int>(chunk_state::closed) == 3);
static_assert(static_cast<int>(phase::none) == 0 && static_cast<int>(phase::prepare) == 1);

}  // namespace

result<std::vector<cards::card_id>> campaign_store::awaited_by_others(campaign_key key, cards::card_id first,
                                                                      cards::card_id last, timestamp since) {
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT t.card_id AS card " TESSERA_MAY_GO_ON
                        "UNION ALL SELECT t.card_id AS card " TESSERA_NOT_WOUND_UP "AND g.finished_at >= $4 "
                        "UNION ALL SELECT o.card_id AS card FROM campaign g CROSS JOIN outcome o "
                        "WHERE g.finished_at >= $4 AND g.state = 4 AND g.campaign_key <> $1 "
                        "AND o.campaign_key = g.campaign_key AND o.card_id BETWEEN $2 AND $3 AND o.outcome = $5 "
                        "AND NOT EXISTS (SELECT 1 FROM outcome l WHERE l.campaign_key = g.campaign_key "
                        "AND l.card_id = o.card_id AND l.revision > o.revision) ORDER BY card"));
    query->with(key.value, first.value, last.value, to_microseconds(since), operations::outcome::unknown);
    std::vector<cards::card_id> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(cards::card_id{query->integer(0)});
    }
}

result<std::vector<campaign_key>> campaign_store::exchanging(cards::card_id card) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT g.campaign_key AS other " TESSERA_MAY_GO_ON
                                      "UNION SELECT g.campaign_key AS other " TESSERA_NOT_WOUND_UP "ORDER BY other"));
    query->with(-1, card.value, card.value);
    std::vector<campaign_key> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(campaign_key{query->integer(0)});
    }
}

result<bool> campaign_store::others_under_way(campaign_key key) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT COUNT(*) FROM campaign WHERE campaign_key <> $1 AND "
                                                   "(state = $2 OR (state = $3 AND phase <> 0))"));
    query->with(key.value, campaign_state::running, campaign_state::cancelled);
    TESSERA_TRY_VALUE(const auto others, query->single_integer());
    return others > 0;
}

result<bool> campaign_store::is_awaited(cards::card_id card) {
    TESSERA_TRY_VALUE(const auto open, unproved_for(card));
    if (!open.empty()) return true;
    TESSERA_TRY_VALUE(const auto still, exchanging(card));
    if (!still.empty()) return true;
    TESSERA_TRY_VALUE(const auto under_way, managed(card));
    return under_way.has_value();
}

result<bool> campaign_store::others_prepared_since(campaign_key key, int round) {
    TESSERA_TRY_VALUE(auto* began, database_->kept("SELECT MIN(started_at) FROM campaign_phase "
                                                   "WHERE campaign_key = $1 AND round = $2 AND phase = $3"));
    TESSERA_TRY_VALUE(const auto since, began->with(key.value, round, phase::prepare).single_integer());
#define TESSERA_PREPARED_SINCE                                                                               \
    "g.campaign_key <> $1 AND EXISTS (SELECT 1 FROM campaign_phase p WHERE p.campaign_key = g.campaign_key " \
    "AND p.phase = 1 AND (p.ended_at IS NULL OR p.ended_at >= $2))"
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT g.campaign_key FROM campaign g WHERE g.state IN (1, 2, 5, 6) "
                        "AND " TESSERA_PREPARED_SINCE " UNION ALL SELECT g.campaign_key FROM campaign g WHERE "
                        "g.finished_at >= $2 AND " TESSERA_PREPARED_SINCE " LIMIT 1"));
    TESSERA_TRY_VALUE(const bool any, query->with(key.value, since).step());
    if (any) query->reset();
    return any;
}

result<std::vector<campaign_store::given_counter>> campaign_store::given_counters(cards::card_id first,
                                                                                  cards::card_id last) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT card_id, key_version, application, counter FROM key_counter "
                                                   "WHERE card_id BETWEEN $1 AND $2 ORDER BY card_id"));
    query->with(first.value, last.value);
    std::vector<given_counter> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back({cards::card_id{query->integer(0)}, static_cast<std::uint8_t>(query->integer(1)),
                         query->integer(2), static_cast<std::uint64_t>(query->integer(3))});
    }
}

result<std::int64_t> campaign_store::counters_given(const chunk& held) {
#define TESSERA_COUNTERS_GIVEN "CAST(COALESCE(SUM(r.counter), 0) + COUNT(*) AS BIGINT)"
    TESSERA_TRY_VALUE(auto* query, rows_of(*database_, held,
                                           {TESSERA_SUM_OF_RANGE(TESSERA_COUNTERS_GIVEN, "key_counter"),
                                            TESSERA_SUM_OF_TARGETS(TESSERA_COUNTERS_GIVEN, "key_counter")}));
    return query->single_integer();
}

}  // namespace tessera::campaigns
