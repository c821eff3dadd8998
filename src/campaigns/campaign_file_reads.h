// The sections [[read]] of an audit. Includes toml++, so only campaign_file*.cpp may include it.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/types.h"

namespace tessera::campaigns {

// kind = "audit", or [[read]] without [[write]]. A kind that there is not, and both sections at once, are mistakes.
[[nodiscard]] bool wants_audit(const toml::table& root, checked_toml& notes);

// Mistakes go to `notes`.
[[nodiscard]] std::vector<operations::file_read> read_reads(const toml::table& root, checked_toml& notes);

}  // namespace tessera::campaigns
