// Which SMSCs a campaign goes by, and when: the keys smsc and priority of [telecom]. Includes toml++, so only
// campaign_file*.cpp may include it.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/campaign_file_context.h"

namespace tessera::campaigns {

// Mistakes go to `notes`.
[[nodiscard]] radio_way read_radio_way(const toml::table& table, const file_context& context, checked_toml& notes);

}  // namespace tessera::campaigns
