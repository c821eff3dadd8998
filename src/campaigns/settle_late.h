// Late answers: what came outside its own exchange may still settle what it belongs to (C-8).
#pragma once

#include "campaigns/environment.h"

namespace tessera::campaigns {

// Gives answers that came outside their own exchange to the campaign they belong to; an unknown outcome may become
// done or failed by them; a single operation's likewise.
// For so long, or as long as there are any and nobody wants it to stop. True: there may be more.
[[nodiscard]] result<bool> settle_late_answers(const environment& env, const definition_source& definition_of,
                                               duration how_long = duration::max());
// Those of a few cards, in one transaction of limits::late_commit_time at most (or one card). True: there may be more.
[[nodiscard]] result<bool> settle_some_late_answers(const environment& env, const definition_source& definition_of);

}  // namespace tessera::campaigns
