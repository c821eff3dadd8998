// The parts [telecom.retry] and validity of a campaign file. Includes toml++, so only campaign_file*.cpp may include
// it.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/types.h"

namespace tessera::campaigns {

inline constexpr std::int64_t attempts_max = 20;  // sendings of one packet in one exchange, and with one cause

// From [telecom], whose attempts and por_timeout are in `into` already. Mistakes go to `notes`.
void read_sending_again(const toml::table& telecom, definition& into, checked_toml& notes);

}  // namespace tessera::campaigns
