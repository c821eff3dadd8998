// How chunks are read, and rows that belong to their cards.
#pragma once

#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

// Where a chunk's targets stand close together, the rows of all cards between the first and the last are one piece of a
// table's order; where they lie far apart, as in a campaign to a list out of millions, each target is looked up.
[[nodiscard]] inline bool is_dense(const chunk& held) {
    constexpr std::int64_t cards_per_target = 4;
    return held.last.value - held.first.value < cards_per_target * held.targets;
}

// A chunk of no campaign: the cards of a range, whoever they are.
[[nodiscard]] inline chunk cards_between(cards::card_id first, cards::card_id last) {
    return {{}, first, last, last.value - first.value + 1};
}

// Columns of a table `r`: of a range of cards ($1 to $2), and of the targets in it ($3 campaign, $4 round). The second
// one is written so that SQLite does not begin with the table.
#define TESSERA_SUM_OF_RANGE(columns, table) "SELECT " columns " FROM " table " r WHERE r.card_id BETWEEN $1 AND $2"
#define TESSERA_SUM_OF_TARGETS(columns, table)           \
    "SELECT " columns " FROM target t CROSS JOIN " table \
    " r WHERE t.campaign_key = $3 AND t.round = $4 AND t.card_id BETWEEN $1 AND $2 AND r.card_id = t.card_id"
// Likewise in order of card.
#define TESSERA_ROWS_OF_RANGE(columns, table) TESSERA_SUM_OF_RANGE(columns, table) " ORDER BY r.card_id"
#define TESSERA_ROWS_OF_TARGETS(columns, table) TESSERA_SUM_OF_TARGETS(columns, table) " ORDER BY t.card_id"

// The number of the chunk of a campaign's round that holds a card, or would hold it; each is a column or a parameter.
#define TESSERA_CHUNK_OF(campaign, round, card)                                             \
    "(SELECT c.chunk FROM chunk c WHERE c.campaign_key = " campaign " AND c.round = " round \
    " AND c.last_card >= " card " ORDER BY c.last_card LIMIT 1)"

// From the columns chunk, first_card, last_card, targets, state, epoch, attempt.
[[nodiscard]] inline chunk read_chunk(const store::statement& row, campaign_key key, int round) {
    chunk found;
    found.id = {key, round, row.integer(0)};
    found.first = cards::card_id{row.integer(1)};
    found.last = cards::card_id{row.integer(2)};
    found.targets = row.integer(3);
    found.state = static_cast<chunk_state>(row.integer(4));
    found.epoch = row.integer(5);
    found.attempt = static_cast<int>(row.integer(6));
    return found;
}

struct both_ways {
    const char* of_range;
    const char* of_targets;
};
// Literals both. Begun, and not stepped yet.
[[nodiscard]] inline result<store::statement*> rows_of(store::connection& reader, const chunk& held,
                                                       const both_ways& sql) {
    TESSERA_TRY_VALUE(auto* query, reader.kept(is_dense(held) ? sql.of_range : sql.of_targets));
    if (is_dense(held))
        query->with(held.first.value, held.last.value);
    else
        query->with(held.first.value, held.last.value, held.id.campaign.value, held.id.round);
    return query;
}

}  // namespace tessera::campaigns
