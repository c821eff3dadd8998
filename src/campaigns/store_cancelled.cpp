// Campaigns by state, and what is left of one that was cancelled.
#include <algorithm>

#include "campaigns/store.h"

namespace tessera::campaigns {

result<std::vector<campaign_key>> campaign_store::in_state(campaign_state state) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT campaign_key FROM campaign WHERE state = $1 ORDER BY campaign_key"));
    query->with(state);
    std::vector<campaign_key> keys;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return keys;
        keys.push_back(campaign_key{query->integer(0)});
    }
}

result<bool> campaign_store::others_under_way(campaign_key key) {
    static_assert(static_cast<int>(phase::none) == 0);  // as below
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
                                      "AND chunk = (SELECT c.chunk FROM chunk c WHERE c.campaign_key = $1 "
                                      "AND c.round = $2 AND c.last_card >= $3 ORDER BY c.last_card LIMIT 1)"));
    for (const auto card : open) {
        const card_outcome silent{card, operations::outcome::unknown, {operations::cause_kind::no_answer, 0, 0}, 1};
        TESSERA_TRY(put_outcome(key, silent, 0, round, now));
        TESSERA_TRY(mark_late(card));  // what it said in any round is weighed once more
        TESSERA_TRY(count->with(key.value, round, card.value).execute());
    }
    return std::ssize(open) == limit;
}

result<chunk_progress> campaign_store::exchanged(const chunk_id& which) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT sent, answered FROM chunk WHERE campaign_key = $1 "
                                                   "AND round = $2 AND chunk = $3"));
    TESSERA_TRY(query->with(which.campaign.value, which.round, which.number).step());
    chunk_progress found;
    found.sent = query->integer(0);
    found.answered = query->integer(1);
    query->reset();
    return found;
}

result<void> campaign_store::put_unsent(campaign_key key, int round, cards::card_id card) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO unsent_target (campaign_key, round, card_id) "
                                                 "VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"));
    return put->with(key.value, round, card.value).execute();
}

result<std::vector<cards::card_id>> campaign_store::unsent(const chunk& which) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT card_id FROM unsent_target WHERE campaign_key = $1 "
                                                   "AND round = $2 AND card_id BETWEEN $3 AND $4 ORDER BY card_id"));
    query->with(which.id.campaign.value, which.id.round, which.first.value, which.last.value);
    std::vector<cards::card_id> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(cards::card_id{query->integer(0)});
    }
}

result<std::vector<cards::card_id>> campaign_store::take_unsent(const chunk& which) {
    TESSERA_TRY_VALUE(auto found, unsent(which));
    if (found.empty()) return found;
    TESSERA_TRY_VALUE(auto* take, database_->kept("DELETE FROM unsent_target WHERE campaign_key = $1 AND round = $2 "
                                                  "AND card_id BETWEEN $3 AND $4"));
    TESSERA_TRY(take->with(which.id.campaign.value, which.id.round, which.first.value, which.last.value).execute());
    return found;
}

result<std::vector<cards::card_id>> campaign_store::sent_nothing(const chunk& which, bool cut_short) {
    TESSERA_TRY_VALUE(auto found, left_round(which));
    if (!cut_short) return found;
    TESSERA_TRY_VALUE(const auto open, unsent(which));
    found.insert(found.end(), open.begin(), open.end());
    std::ranges::sort(found);
    return found;
}

}  // namespace tessera::campaigns
