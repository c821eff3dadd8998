// What chunks say of their exchange: who holds them, what they counted, which of their cards nothing has left for.
#include <algorithm>

#include "campaigns/store.h"

namespace tessera::campaigns {

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

result<bool> campaign_store::is_released(const chunk_id& where) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT COUNT(*) FROM chunk WHERE campaign_key = $1 AND round = $2 "
                                                   "AND chunk = $3 AND state = $4"));
    TESSERA_TRY_VALUE(
        const auto found,
        query->with(where.campaign.value, where.round, where.number, chunk_state::released).single_integer());
    return found > 0;
}

result<bool> campaign_store::is_released_to(const chunk& held, std::string_view owner) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT COUNT(*) FROM chunk WHERE campaign_key = $1 AND round = $2 AND "
                                      "chunk = $3 AND state = $4 AND owner = $5 AND epoch = $6"));
    TESSERA_TRY_VALUE(
        const auto found,
        query->with(held.id.campaign.value, held.id.round, held.id.number, chunk_state::released, owner, held.epoch)
            .single_integer());
    return found > 0;
}

result<bool> campaign_store::any_leased(campaign_key key, int round) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT COUNT(*) FROM chunk WHERE campaign_key = $1 AND round = $2 "
                                                   "AND owner <> '' AND state IN ($3, $4)"));
    TESSERA_TRY_VALUE(const auto found,
                      query->with(key.value, round, chunk_state::prepared, chunk_state::released).single_integer());
    return found > 0;
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
