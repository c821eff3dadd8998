// Campaigns that several processes conduct together, on one database: what this process does for them.
#pragma once

#include <atomic>
#include <memory>

#include "campaigns/conductor.h"
#include "telecom/radio.h"
#include "tessera/data_directory.h"

namespace tessera::app {

// Takes part in one campaign, from where it stands until it runs no more, or `stop` is set. Whoever pauses, cancels or
// stops it from anywhere is heard within limits::stop_wait. A database that goes away is waited for.
[[nodiscard]] result<campaigns::run_end> run_together(const campaigns::environment& env, campaigns::campaign_key key,
                                                      std::atomic<bool>& stop);

// Takes part in whatever runs, on a thread of its own, for as long as it lives. What a cancelled campaign
// had sent is settled by those that prepare. The radio is used by gateways.
class joint_work {
public:
    // All must outlive it.
    joint_work(data_directory& data, store::shared_writer& writer, telecom::radio& radio, campaigns::role role);
    // Ends within limits::stop_wait, and gives back what it held.
    ~joint_work();
    joint_work(const joint_work&) = delete;
    joint_work& operator=(const joint_work&) = delete;

private:
    class machine;
    std::unique_ptr<machine> machine_;
};

}  // namespace tessera::app
