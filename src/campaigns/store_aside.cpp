// What campaigns and single operations must know of each other: which cards are managed, which messages are stale,
// which cards leave their round.
#include "campaigns/chunk_rows.h"
#include "campaigns/store.h"
#include "operations/types.h"

namespace tessera::campaigns {

#define TESSERA_CHUNK_IN_COURSE TESSERA_CHUNK_OF("g.campaign_key", "g.round", "$1")
#define TESSERA_CHUNK_TOUCHED TESSERA_CHUNK_OF("$1", "$2", "u.card_id")

result<std::optional<campaign_store::managing>> campaign_store::managed(cards::card_id card) {
    // From campaign to target to chunk: running campaigns are few, and the rest are whole keys.
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT g.id, g.name, g.phase FROM campaign g CROSS JOIN target t CROSS JOIN chunk k "
                        "WHERE g.state IN ($2, $3, $6) AND t.campaign_key = g.campaign_key AND t.round = g.round "
                        "AND t.card_id = $1 AND k.campaign_key = g.campaign_key AND k.round = g.round "
                        "AND k.chunk = " TESSERA_CHUNK_IN_COURSE " AND k.state IN ($4, $5) "
                        "AND NOT EXISTS (SELECT 1 FROM target n WHERE n.campaign_key = g.campaign_key "
                        "AND n.round = g.round + 1 AND n.card_id = $1) "
                        "AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.campaign_key = g.campaign_key "
                        "AND o.card_id = $1) "
                        "AND NOT EXISTS (SELECT 1 FROM unsent_target u WHERE u.campaign_key = g.campaign_key "
                        "AND u.round = g.round AND u.card_id = $1) ORDER BY g.phase DESC, g.campaign_key LIMIT 1"));
    TESSERA_TRY_VALUE(const bool there, query
                                            ->with(card.value, campaign_state::running, campaign_state::paused,
                                                   chunk_state::released, chunk_state::closed, campaign_state::stopped)
                                            .step());
    if (!there) return std::nullopt;
    managing found{std::string(query->text(0)), std::string(query->text(1)),
                   static_cast<campaigns::phase>(query->integer(2))};
    query->reset();
    return found;
}

result<void> campaign_store::replace_messages(const chunk_id& where, byte_view block, std::int64_t moment,
                                              const chunk_progress& change) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("UPDATE message_block SET octets = $4 "
                                                 "WHERE campaign_key = $1 AND round = $2 AND chunk = $3"));
    TESSERA_TRY(put->with(where.campaign.value, where.round, where.number, block).execute());
    TESSERA_TRY_VALUE(auto* move,
                      database_->kept("UPDATE chunk SET formatted = $4, prepared = prepared + $5, skipped = skipped + "
                                      "$6, failed = failed + $7 WHERE campaign_key = $1 AND round = $2 AND chunk = $3 "
                                      "AND state = $8"));
    TESSERA_TRY(move->with(where.campaign.value, where.round, where.number, moment, change.prepared,
                           change.outcomes.skipped, change.outcomes.failed, chunk_state::prepared)
                    .execute());
    if (database_->changed() == 1) return {};
    return failure(code_lease_lost, "chunk", "chunk " + std::to_string(where.number) + " has moved on");
}

result<void> campaign_store::set_formatted(const chunk_id& where, std::int64_t moment) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("UPDATE chunk SET formatted = $4 "
                                                 "WHERE campaign_key = $1 AND round = $2 AND chunk = $3"));
    return put->with(where.campaign.value, where.round, where.number, moment).execute();
}

result<std::int64_t> campaign_store::formatted(const chunk_id& where) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT formatted FROM chunk "
                                                   "WHERE campaign_key = $1 AND round = $2 AND chunk = $3"));
    return query->with(where.campaign.value, where.round, where.number).single_integer();
}

result<std::vector<chunk>> campaign_store::stale_chunks(campaign_key key, int round) {
    // From the operations, which are few, to the chunk that holds their card. Each step is a query of its own within
    // it, so that a server that knows nothing of its tables yet does not begin with the targets.
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("WITH touched AS MATERIALIZED (SELECT u.moment AS moment, " TESSERA_CHUNK_TOUCHED " AS chunk "
                        "FROM operation u WHERE u.moment > (SELECT COALESCE(MIN(f.formatted), 0) FROM chunk f "
                        "WHERE f.campaign_key = $1 AND f.round = $2) AND (SELECT COUNT(*) FROM target t "
                        "WHERE t.campaign_key = $1 AND t.round = $2 AND t.card_id = u.card_id) > 0) "
                        "SELECT k.chunk, k.first_card, k.last_card, k.targets, k.state, k.epoch, k.attempt "
                        "FROM touched s CROSS JOIN chunk k WHERE k.campaign_key = $1 AND k.round = $2 "
                        "AND k.chunk = s.chunk AND k.state = $3 AND s.moment > k.formatted "
                        "GROUP BY k.chunk, k.first_card, k.last_card, k.targets, k.state, k.epoch, k.attempt "
                        "ORDER BY k.chunk"));
    query->with(key.value, round, chunk_state::prepared);
    std::vector<chunk> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(read_chunk(*query, key, round));
    }
}

result<bool> campaign_store::operations_in_flight(campaign_key key, int round) {
    static_assert(static_cast<int>(operations::operation_state::in_flight) == 0);  // a literal, for the partial index
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT COUNT(*) FROM operation u CROSS JOIN target t WHERE u.state = 0 "
                                      "AND t.campaign_key = $1 AND t.round = $2 AND t.card_id = u.card_id"));
    TESSERA_TRY_VALUE(const auto found, query->with(key.value, round).single_integer());
    return found > 0;
}

result<std::vector<cards::card_id>> campaign_store::left_round(const chunk& which) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT card_id FROM target WHERE campaign_key = $1 AND round = $2 "
                                                   "AND card_id BETWEEN $3 AND $4 ORDER BY card_id"));
    query->with(which.id.campaign.value, which.id.round + 1, which.first.value, which.last.value);
    std::vector<cards::card_id> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(cards::card_id{query->integer(0)});
    }
}

}  // namespace tessera::campaigns
