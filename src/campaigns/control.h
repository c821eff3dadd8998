// What an operator does to a campaign from outside: pause, cancel.
#pragma once

#include "campaigns/machine.h"
#include "campaigns/store.h"

namespace tessera::campaigns {

// Moves a campaign that nobody conducts at this moment; its clock stands from then on. A cancelled campaign manages no
// card any more; late answers still settle what it sent. In the caller's transaction. Errors: bad_state.
[[nodiscard]] result<campaign> change_state(store::connection& writer, campaign_key key, campaign_event event,
                                            timestamp now);

}  // namespace tessera::campaigns
