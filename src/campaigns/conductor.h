// A campaign from where it stands to its end: rounds of prepare, exchange and settle, each behind a barrier (C-3 to
// C-5).
#pragma once

#include "campaigns/environment.h"

namespace tessera::campaigns {

enum class run_end : std::uint8_t {
    finished,
    interrupted,  // somebody wanted it to stop
    held,         // it waits for an approval between waves, or a threshold stopped it; its gates say what for
};

// Begins a created campaign, or goes on with a running one, taking over whatever was leased: the caller owns the data
// directory and conducts a campaign once at a time, so nobody else is at work on it. A finished campaign is left as it
// is. Errors: bad_state (cancelled, or not approved), and whatever stopped a phase; the campaign can be resumed after
// any of them.
[[nodiscard]] result<run_end> conduct(const environment& env, campaign_key key, const definition_source& definition_of);

// What one of several processes that conduct a campaign found to do.
enum class share : std::uint8_t {
    something,  // a phase came to its end, and the next one is open
    nothing,    // more for now: others are at work on it, or it may not be sent yet
    over,       // the campaign does not run (any more)
};

// This process's share (environment::role) of a campaign that runs: of the phase that is open, as many chunks as can be
// leased, then the barrier, if these were the last. Returns when there is nothing to do; chunks of others are left to
// them until their leases are over. Errors: as conduct(); whatever was held goes back to all at the next call.
[[nodiscard]] result<share> take_part(const environment& env, campaign_key key, const definition_source& definition_of);

// Begins a created campaign, or one that was paused, for all that take part. One that runs is left as it is. Errors:
// bad_state, needs_approval.
[[nodiscard]] result<void> begin_for_all(const environment& env, campaign_key key,
                                         const definition_source& definition_of);

}  // namespace tessera::campaigns
