#include "cards/near_counters.h"

#include <algorithm>

#include "base/limits.h"
#include "codec/secured_packet.h"

namespace tessera::cards {
namespace {

// counter_max itself is never given out.
std::uint64_t left_after(std::uint64_t counter) {
    return counter + 1 >= codec::counter_max ? 0 : codec::counter_max - 1 - counter;
}

}  // namespace

result<std::vector<near_counter>> near_counters(store::connection& database, std::uint64_t left, std::int64_t limit) {
    static_assert(limits::counter_watched == 1'095'216'660'479);  // as below
    // Of a key set's own counter only where no application has a later one.
    TESSERA_TRY_VALUE(auto* query,
                      database.kept("SELECT w.card_id, c.iccid, w.key_version, w.application, w.counter FROM ("
                                    "SELECT n.card_id, n.key_version, n.application, n.counter FROM key_counter n "
                                    "WHERE n.counter >= 1095216660479 AND n.counter >= $1 UNION ALL "
                                    "SELECT k.card_id, k.key_version, NULL, k.initial_counter FROM key_set k "
                                    "WHERE k.initial_counter >= 1095216660479 AND k.initial_counter >= $1 "
                                    "AND NOT EXISTS (SELECT 1 FROM key_counter l WHERE l.card_id = k.card_id AND "
                                    "l.key_version = k.key_version)) w "
                                    "CROSS JOIN card c WHERE c.card_id = w.card_id "
                                    "ORDER BY w.counter DESC, w.card_id, w.key_version, w.application LIMIT $2"));
    query->with(
        std::max<std::uint64_t>(codec::counter_max - std::min(left, codec::counter_max), limits::counter_watched),
        limit);
    std::vector<near_counter> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        near_counter one;
        one.card = card_id{query->integer(0)};
        one.iccid = query->text(1);
        one.key_version = static_cast<std::uint8_t>(query->integer(2));
        if (!query->is_null(3)) one.application = query->integer(3);
        one.counter = static_cast<std::uint64_t>(query->integer(4));
        one.left = left_after(one.counter);
        found.push_back(std::move(one));
    }
}

}  // namespace tessera::cards
