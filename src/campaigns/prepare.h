// P1: every target's data becomes at least one message of its own, held in the buffer (C-2). No network here.
#pragma once

#include "campaigns/environment.h"

namespace tessera::campaigns {

// Prepares what is left of the current round. Each chunk is one transaction: its messages, the counters that went into
// them, the outcomes of cards that need none or can have none, and the chunk's state are durable together or not at
// all, so no counter value ever serves two packets.
[[nodiscard]] result<void> prepare(const campaign_run& run);

// The chunks of it that nobody has prepared yet, and nothing else: what prepare() begins with.
[[nodiscard]] result<void> prepare_chunks(const campaign_run& run);

}  // namespace tessera::campaigns
