// Who holds which number, and who did.
#include "cards/store.h"

namespace tessera::cards {

result<void> card_store::put_msisdn(card_id id, std::uint64_t msisdn, timestamp now) {
    TESSERA_TRY_VALUE(auto* leave,
                      database_->kept("INSERT INTO former_number (msisdn, card_id, held_until) "
                                      "SELECT msisdn, card_id, $2 FROM card WHERE card_id = $1 AND msisdn IS NOT NULL "
                                      "ON CONFLICT (msisdn, card_id) DO UPDATE SET held_until = excluded.held_until"));
    TESSERA_TRY(leave->with(id.value, to_microseconds(now)).execute());
    TESSERA_TRY_VALUE(auto* put, database_->kept("UPDATE card SET msisdn = $2 WHERE card_id = $1"));
    put->with(id.value, msisdn);
    if (msisdn == 0) put->bind_null(2);
    return put->execute();
}

result<std::vector<card_id>> card_store::former_holders(std::uint64_t msisdn, std::int64_t limit) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT card_id FROM former_number WHERE msisdn = $1 "
                                                   "ORDER BY held_until DESC, card_id LIMIT $2"));
    query->with(msisdn, limit);
    std::vector<card_id> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(card_id{query->integer(0)});
    }
}

}  // namespace tessera::cards
