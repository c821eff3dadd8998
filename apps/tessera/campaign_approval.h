// tessera campaign approve: somebody takes the responsibility for what a campaign waits for.
#pragma once

#include "tessera/commands.h"

namespace tessera::app {

void add_campaign_approval(CLI::App& campaign_command, invocation& run);

}  // namespace tessera::app
