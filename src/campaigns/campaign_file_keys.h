// The part [[key]] of a campaign file. Includes toml++, so only campaign_file*.cpp may include it.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/types.h"

namespace tessera::campaigns {

// `root` has "key". `spoken_by`: kvn of [security], if it says one. Mistakes go to `notes`.
[[nodiscard]] std::optional<key_rotation> read_key_rotation(const toml::table& root,
                                                            std::optional<std::uint8_t> spoken_by, checked_toml& notes);

}  // namespace tessera::campaigns
