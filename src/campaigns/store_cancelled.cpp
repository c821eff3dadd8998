// What is left of a campaign that was cancelled.
#include "campaigns/chunk_rows.h"
#include "campaigns/store.h"

namespace tessera::campaigns {

result<std::vector<campaign>> campaign_store::cancelled_within_a_phase() {
    TESSERA_TRY_VALUE(const auto keys, in_state(campaign_state::cancelled));
    std::vector<campaign> found;
    for (const auto key : keys) {
        TESSERA_TRY_VALUE(auto one, get(key));
        if (one.phase != phase::none) found.push_back(std::move(one));
    }
    return found;
}

result<void> campaign_store::close_released(campaign_key key, int round) {
    TESSERA_TRY_VALUE(auto* close, database_->kept("UPDATE chunk SET state = $3 WHERE campaign_key = $1 AND round = $2 "
                                                   "AND state = $4"));
    return close->with(key.value, round, chunk_state::closed, chunk_state::released).execute();
}

result<bool> campaign_store::give_up_later_rounds(campaign_key key, int round, timestamp now, std::int64_t limit) {
    static_assert(static_cast<int>(operations::purpose::write) == 0);  // as below
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT DISTINCT t.card_id FROM target t WHERE t.campaign_key = $1 "
                        "AND (t.round = $2 OR t.round = $2 + 1) AND t.purpose <> 0 AND NOT EXISTS (SELECT 1 FROM "
                        "outcome o WHERE o.campaign_key = $1 AND o.card_id = t.card_id) ORDER BY t.card_id LIMIT $3"));
    query->with(key.value, round, limit);
    std::vector<cards::card_id> open;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) break;
        open.push_back(cards::card_id{query->integer(0)});
    }
    // Counted where their range of cards is, whichever chunk of the round that may be.
    TESSERA_TRY_VALUE(auto* count,
                      database_->kept("UPDATE chunk SET unknown = unknown + 1 WHERE campaign_key = $1 AND round = $2 "
                                      "AND chunk = " TESSERA_CHUNK_OF("$1", "$2", "$3")));
    for (const auto card : open) {
        const card_outcome silent{card, operations::outcome::unknown, {operations::cause_kind::no_answer, 0, 0}, 1};
        TESSERA_TRY(put_outcome(key, silent, 0, round, now));
        TESSERA_TRY(mark_late(card));  // what it said in any round is weighed once more
        TESSERA_TRY(count->with(key.value, round, card.value).execute());
    }
    return std::ssize(open) == limit;
}

}  // namespace tessera::campaigns
