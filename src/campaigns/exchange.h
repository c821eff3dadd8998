// P2: sending of the messages and reception of the acknowledgements, and nothing else (C-3).
#pragma once

#include "campaigns/environment.h"

namespace tessera::campaigns {

// Opens the network, exchanges what is left of the current round, closes it. When nothing of the round has to be sent
// or listened for, the network is not touched. Returns early, without error, when somebody wants it to stop.
[[nodiscard]] result<void> exchange(const campaign_run& run);

// False: every chunk of the round passes through without a word.
[[nodiscard]] result<bool> anything_to_exchange(const campaign_run& run);

}  // namespace tessera::campaigns
