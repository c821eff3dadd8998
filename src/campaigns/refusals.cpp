#include "campaigns/refusals.h"

#include <algorithm>

#include "campaigns/blocks.h"

namespace tessera::campaigns {

result<std::int64_t> refusals_in(store::connection& database, campaign_key key, int round) {
    TESSERA_TRY_VALUE(
        auto* query,
        database.kept("SELECT octets FROM answer_block WHERE campaign_key = $1 AND round = $2 ORDER BY chunk"));
    query->in_pieces();
    query->with(key.value, round);
    std::int64_t refused = 0;
    std::vector<answer_entry> entries;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return refused;
        entries.clear();
        TESSERA_TRY(parse_answers(query->octets(0), entries));
        refused += std::ranges::count(entries, operations::answer_kind::refused, &answer_entry::kind);
    }
}

}  // namespace tessera::campaigns
