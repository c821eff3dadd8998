// Counters that come near their end: at FFFFFFFFFF a card's key set is blocked for good.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cards/types.h"
#include "store/database.h"

namespace tessera::cards {

struct near_counter {
    card_id card;
    std::string iccid;
    std::uint8_t key_version = 0;
    std::optional<std::int64_t> application;  // TAR; nothing: the card came with it, and nothing was sent yet
    std::uint64_t counter = 0;                // the last one given out
    std::uint64_t left = 0;                   // values that can still be given out
};

// Those with fewer than `left` values left, the fewest first, `limit` at most. Counters of which more than 2^32 values
// are left are not found, and not looked at. left: 1..2^32.
[[nodiscard]] result<std::vector<near_counter>> near_counters(store::connection& database, std::uint64_t left,
                                                              std::int64_t limit);

}  // namespace tessera::cards
