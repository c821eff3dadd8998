// tessera campaign preview: what a campaign would send and how long that takes; nothing is written or sent.
#pragma once

#include "tessera/commands.h"

namespace tessera::app {

void add_campaign_preview(CLI::App& campaign_command, invocation& run);

}  // namespace tessera::app
