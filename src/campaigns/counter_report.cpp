#include "campaigns/counter_report.h"

#include "base/limits.h"
#include "campaigns/create.h"
#include "campaigns/store.h"
#include "campaigns/wave_store.h"
#include "operations/counter_hint.h"

namespace tessera::campaigns {
namespace {

// Cards of `targets` with a counter near its end. $2: the key version; 0: whichever.
#define TESSERA_NEAR_COUNTER_END(targets, first_round)                                   \
    "SELECT COUNT(*) FROM (SELECT n.card_id FROM key_counter n CROSS JOIN " targets      \
    " t WHERE "                                                                          \
    "n.counter >= 1095216660479 AND n.counter >= $1 AND (n.key_version = $2 OR $2 = 0) " \
    "AND n.application IN (-1, $3) AND t.campaign_key = $4 " first_round                 \
    "AND t.card_id = n.card_id UNION "                                                   \
    "SELECT k.card_id FROM key_set k CROSS JOIN " targets                                \
    " t WHERE k.initial_counter >= "                                                     \
    "1095216660479 AND k.initial_counter >= $1 AND (k.key_version = $2 OR $2 = 0) "      \
    "AND t.campaign_key = $4 " first_round "AND t.card_id = k.card_id LIMIT 100000) w"

}  // namespace

result<std::int64_t> cards_near_counter_end(store::connection& database, const campaign& subject) {
    static_assert(limits::counter_watched == 1'095'216'660'479);  // as below
    const auto from = static_cast<std::int64_t>(codec::counter_max) - limits::counter_left_warning;
    TESSERA_TRY_VALUE(auto* any, database.kept("SELECT 1 FROM key_counter WHERE counter >= 1095216660479 AND "
                                               "counter >= $1 UNION ALL SELECT 1 FROM key_set WHERE initial_counter >= "
                                               "1095216660479 AND initial_counter >= $1 LIMIT 1"));
    TESSERA_TRY_VALUE(const bool some, any->with(from).step());
    any->reset();
    if (!some) return 0;
    TESSERA_TRY_VALUE(const auto what, definition_of(subject));
    TESSERA_TRY_VALUE(const bool in_legs, wave_store(database).in_legs(subject.key));
    TESSERA_TRY_VALUE(auto* query, in_legs ? database.kept(TESSERA_NEAR_COUNTER_END("leg_target", ""))
                                           : database.kept(TESSERA_NEAR_COUNTER_END("target", "AND t.round = 1 ")));
    query->with(from, what.current_key_set ? 0 : static_cast<int>(what.security.key_version),
                operations::application_of(what.security.tar), subject.key.value);
    TESSERA_TRY(query->step());
    const auto found = query->integer(0);
    query->reset();
    return found;
}

result<std::int64_t> cards_refusing_counters(store::connection& database, campaign_key key) {
    TESSERA_TRY_VALUE(const auto causes, campaign_store(database).causes(key));
    std::int64_t found = 0;
    for (const auto& one : causes)
        if (one.what == operations::outcome::failed && operations::refuses_counters(one.why)) found += one.cards;
    return found;
}

}  // namespace tessera::campaigns
