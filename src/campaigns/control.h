// What an operator does to a campaign from outside: pause, cancel, approve.
#pragma once

#include "campaigns/machine.h"
#include "campaigns/store.h"

namespace tessera::campaigns {

// Moves a campaign that nobody conducts at this moment; its clock stands from then on. A cancelled campaign manages no
// card any more; late answers still settle what it sent. In the caller's transaction. Errors: bad_state.
[[nodiscard]] result<campaign> change_state(store::connection& writer, campaign_key key, campaign_event event,
                                            timestamp now);

// Somebody takes the responsibility for what the campaign waits for; a campaign that was held by it is paused then, to
// be resumed. In the caller's transaction. Errors: bad_state (it waits for nothing), bad_name.
[[nodiscard]] result<campaign> approve(store::connection& writer, campaign_key key, std::string_view who,
                                       timestamp now);

}  // namespace tessera::campaigns
