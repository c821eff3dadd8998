// What a campaign has to tell about its cards' counters.
#pragma once

#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

// Targets with fewer than limits::counter_left_warning values left for its key set and application; counted up to
// 100,000. One query, which looks at counters near their end only.
[[nodiscard]] result<std::int64_t> cards_near_counter_end(store::connection& database, const campaign& subject);

// Cards that failed because they refuse our counters.
[[nodiscard]] result<std::int64_t> cards_refusing_counters(store::connection& database, campaign_key key);

}  // namespace tessera::campaigns
