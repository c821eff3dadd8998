// campaign follow-up, and what reads campaign files.
#pragma once

#include <string>

#include "base/result.h"
#include "campaigns/campaign_file.h"
#include "tessera/commands.h"
#include "tessera/data_directory.h"

namespace tessera::app {

void add_campaign_planning(CLI::App& campaign_command, invocation& run);

// What a campaign file is checked against; refers to `data`.
[[nodiscard]] campaigns::file_context context_of(const data_directory& data, const std::string& file);
// The text of a campaign file, or as much as shows that it is too long. Errors: not_found.
[[nodiscard]] result<std::string> read_campaign_file(const std::string& path);

}  // namespace tessera::app
