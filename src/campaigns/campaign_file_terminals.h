// The parts [[setting]] and [terminals] of a campaign file. Includes toml++, so only campaign_file*.cpp may include it.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/campaign_file_context.h"

namespace tessera::campaigns {

// There is something for terminals in the file.
[[nodiscard]] bool has_terminal_part(const toml::table& root);
// And nothing else.
[[nodiscard]] bool is_for_terminals_only(const toml::table& root);

// Mistakes go to `notes`. Nothing: terminals get nothing.
[[nodiscard]] std::optional<terminal_part> read_terminals(const toml::table& root, const file_context& context,
                                                          checked_toml& notes);
// Settings change neither files, applications nor keys of a card, and no card reads them.
void refuse_terminals_beside(const toml::table& root, std::string_view other, checked_toml& notes);

}  // namespace tessera::campaigns
