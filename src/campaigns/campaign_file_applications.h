// The parts [[application]] and [load_files] of a campaign file. Includes toml++, so only campaign_file*.cpp may
// include it.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/campaign_file_context.h"

namespace tessera::campaigns {

// Mistakes go to `notes`. CAP files that [load_files] has not are read from the disk, beside the campaign file, and
// given back in `read`.
[[nodiscard]] std::vector<operations::application_action> read_applications(const toml::table& root,
                                                                            const file_context& context,
                                                                            checked_toml& notes,
                                                                            std::vector<load_file>& read);

}  // namespace tessera::campaigns
