// What of a campaign file has to do with the catalogue of profiles: `application` in place of `tar`, and the section
// [resolved] of a stored campaign. Includes toml++, so only campaign_file*.cpp may include it.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/types.h"

namespace tessera::campaigns {

// The terms, from [security] and [telecom] (null: it is not there). Mistakes go to `notes`.
[[nodiscard]] profile_terms read_profile_terms(const toml::table& root, checked_toml& notes);

// Takes over what a stored campaign was created with: its section [resolved]. Nobody writes one by hand.
void read_resolved(const toml::table& root, bool stored, definition& into, checked_toml& notes);

}  // namespace tessera::campaigns
