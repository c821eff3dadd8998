// P3: for every object, depending on its acknowledgement (C-4): the outcome, and with a positive one the image (C-17).
#pragma once

#include "campaigns/environment.h"

namespace tessera::campaigns {

// Settles what is left of the current round. Each chunk is one transaction: outcomes, images, the targets of the next
// round and the chunk's state are durable together. No network here.
[[nodiscard]] result<void> settle(const campaign_run& run);

// Gives answers that came outside their own exchange to the campaign they belong to (C-8); an unknown outcome may
// become done or failed by them; a single operation's likewise. `definition_of` reads a stored campaign's definition.
using definition_source = std::function<result<definition>(const campaign&)>;
// For so long, or as long as there are any and nobody wants it to stop. True: there may be more.
[[nodiscard]] result<bool> settle_late_answers(const environment& env, const definition_source& definition_of,
                                               duration how_long = duration::max());
// Those of a few cards, in one transaction of limits::late_commit_time at most (or one card). True: there may be more.
[[nodiscard]] result<bool> settle_some_late_answers(const environment& env, const definition_source& definition_of);

}  // namespace tessera::campaigns
