// The parts [waves] and [[wave]] of a campaign file. Includes toml++, so only campaign_file*.cpp may include it.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/campaign_file_context.h"
#include "campaigns/wave.h"

namespace tessera::campaigns {

// Mistakes go to `notes`. [waves] without any [[wave]] is one wave of all cards.
[[nodiscard]] wave_rules read_waves(const toml::table& root, const file_context& context, checked_toml& notes);

}  // namespace tessera::campaigns
