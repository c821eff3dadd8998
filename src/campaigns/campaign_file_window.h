// The part [window] of a campaign file. Includes toml++, so only campaign_file*.cpp may include it.
#pragma once

#include <optional>

#include "base/checked_toml.h"
#include "campaigns/send_window.h"

namespace tessera::campaigns {

// Mistakes go to `notes`; nothing: the file has no such section, or a wrong one.
[[nodiscard]] std::optional<window_rule> read_window(const toml::table& root, checked_toml& notes);

}  // namespace tessera::campaigns
