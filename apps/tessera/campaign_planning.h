// campaign preview and campaign follow-up: before a campaign, and after one.
#pragma once

#include <string>

#include "base/result.h"
#include "tessera/commands.h"

namespace tessera::app {

void add_campaign_planning(CLI::App& campaign_command, invocation& run);

// The text of a campaign file, or as much as shows that it is too long. Errors: not_found.
[[nodiscard]] result<std::string> read_campaign_file(const std::string& path);

}  // namespace tessera::app
