// The part [targets] of a campaign file. Includes toml++, so only campaign_file*.cpp may include it.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/campaign_file_context.h"

namespace tessera::campaigns {

// Mistakes go to `notes`.
[[nodiscard]] target_selection read_targets(const toml::table& table, const file_context& context, checked_toml& notes);

}  // namespace tessera::campaigns
