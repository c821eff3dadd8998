// P3: for every object, depending on its acknowledgement (C-4): the outcome, and with a positive one the image (C-17).
#pragma once

#include "campaigns/environment.h"

namespace tessera::campaigns {

// Settles what is left of the current round. Each chunk is one transaction: outcomes, images, the targets of the next
// round and the chunk's state are durable together. No network here.
[[nodiscard]] result<void> settle(const campaign_run& run);

}  // namespace tessera::campaigns
