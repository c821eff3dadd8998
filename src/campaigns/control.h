// What an operator does to a campaign from outside: pause, cancel, approve.
#pragma once

#include "campaigns/machine.h"
#include "campaigns/store.h"

namespace tessera::campaigns {

// Moves a campaign that nobody conducts at this moment; its clock stands from then on. A cancelled campaign manages no
// card any more; late answers still settle what it sent. In the caller's transaction. Errors: bad_state.
[[nodiscard]] result<campaign> change_state(store::connection& writer, campaign_key key, campaign_event event,
                                            timestamp now);

// Pauses all that run (and that nobody conducts at this moment); returns how many. In the caller's transaction.
[[nodiscard]] result<std::int64_t> pause_running(store::connection& writer, timestamp now);

// Errors: bad_name.
[[nodiscard]] result<std::string> checked_name(std::string_view who);

// Somebody takes the responsibility for what the campaign waits for; a campaign that was held by it is paused then, to
// be resumed. In the caller's transaction. Errors: bad_state (it waits for nothing), bad_name.
// by_name: `who` gave the name on purpose, which a danger wants.
[[nodiscard]] result<campaign> approve(store::connection& writer, campaign_key key, std::string_view who, bool by_name,
                                       timestamp now);

}  // namespace tessera::campaigns
