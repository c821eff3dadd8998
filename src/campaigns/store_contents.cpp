// The cards' own contents of campaigns whose contents have variables.
#include "campaigns/store.h"

namespace tessera::campaigns {

result<void> campaign_store::put_content(campaign_key key, const own_content& made) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO campaign_content (campaign_key, card_id, place, content) "
                                                 "VALUES ($1, $2, $3, $4) ON CONFLICT (campaign_key, card_id, place) "
                                                 "DO UPDATE SET content = excluded.content"));
    return put->with(key.value, made.card.value, made.place, made.content).execute();
}

result<std::vector<campaign_store::own_content>> campaign_store::contents(campaign_key key, cards::card_id first,
                                                                          cards::card_id last) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT card_id, place, content FROM campaign_content WHERE "
                                                   "campaign_key = $1 AND card_id BETWEEN $2 AND $3 "
                                                   "ORDER BY card_id, place"));
    query->with(key.value, first.value, last.value);
    std::vector<own_content> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back({cards::card_id{query->integer(0)}, static_cast<std::size_t>(query->integer(1)),
                         to_bytes(query->octets(2))});
    }
}

}  // namespace tessera::campaigns
