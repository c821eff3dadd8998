// What is left to do of a campaign that was cancelled: whoever was sent something gets an outcome.
#pragma once

#include "campaigns/environment.h"

namespace tessera::campaigns {

// Settles the cards of all cancelled campaigns whose packets may have left, by what came back for them: done, failed,
// or unknown, and nobody comes in another round. The rest keeps no outcome: nothing was sent to them. Answers that came
// late are left to settle_late_answers(): call it afterwards, also where there was nothing to wind up, for whoever did
// that may have died before. One that cannot be settled keeps no other from it, and is the error in the end. May be
// interrupted at any point and called again. env: storage, writer, vault, clock, progress, instance, stop.
[[nodiscard]] result<void> wind_up_cancelled(const environment& env, const definition_source& definition_of);

}  // namespace tessera::campaigns
