// What this process does for campaigns that several processes conduct together, on one database.
#pragma once

#include "campaigns/joint_loop.h"
#include "telecom/radio.h"
#include "tessera/data_directory.h"

namespace tessera::app {

// Takes part in whatever runs, for as long as it lives. The radio is used by gateways.
class joint_work {
public:
    // All must outlive it.
    joint_work(data_directory& data, store::shared_writer& writer, telecom::radio& radio, campaigns::role role);

private:
    campaigns::silent_progress nobody_;
    const campaigns::definition none_;
    const std::atomic<bool> never_ = false;  // the loop knows itself when to stop
    campaigns::joint_loop loop_;
};

}  // namespace tessera::app
