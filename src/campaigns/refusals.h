// What the network refused for good in an exchange that is not over: failures that no P3 has settled yet.
#pragma once

#include <cstdint>

#include "campaigns/types.h"
#include "store/database.h"

namespace tessera::campaigns {

// How many answers of a round, in the journal, say so.
[[nodiscard]] result<std::int64_t> refusals_in(store::connection& database, campaign_key key, int round);

}  // namespace tessera::campaigns
