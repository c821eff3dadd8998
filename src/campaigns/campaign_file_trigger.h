// The part [trigger] of a campaign file that stands in place of [targets]. Includes toml++, so only campaign_file*.cpp
// may include it.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/campaign_file_context.h"
#include "campaigns/trigger.h"

namespace tessera::campaigns {

// Mistakes go to `notes`. The cards that the trigger could be for go to `targets`.
[[nodiscard]] trigger_terms read_trigger(const toml::table& table, const file_context& context,
                                         target_selection& targets, checked_toml& notes);

}  // namespace tessera::campaigns
