// Campaigns that several processes conduct together, on one database: the loop in which each looks for its share.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "campaigns/conductor.h"

namespace tessera::campaigns {

// Takes part in one campaign, from where it stands until it runs no more, or env.stop is set. Whoever pauses, cancels
// or stops it from anywhere is heard within limits::stop_wait. A database that goes away is waited for. What a
// cancelled campaign had sent is settled before this returns, unless somebody else is at it, or env.stop is set.
[[nodiscard]] result<run_end> run_together(const environment& env, campaign_key key,
                                           const definition_source& definition_of);

// Takes part in whatever runs, on a thread of its own, for as long as it lives. What a cancelled campaign had sent, and
// answers that came late, are settled by those that prepare (environment::role).
class joint_loop {
public:
    // The environment in which a campaign of that definition is taken part in; the definition outlives it. Errors: this
    // process cannot take part; the campaign is left to others for a while.
    using environment_source = std::function<result<environment>(const campaign&, const definition&)>;

    // env: for everything but P2; its `stop` is not asked. What it refers to must outlive this.
    joint_loop(const environment& env, environment_source environment_for, definition_source definition_of);
    // Ends within limits::stop_wait, and gives back what it held.
    ~joint_loop();
    joint_loop(const joint_loop&) = delete;
    joint_loop& operator=(const joint_loop&) = delete;

private:
    class machine;
    std::unique_ptr<machine> machine_;
};

}  // namespace tessera::campaigns
