// The thread of `tessera serve` that makes campaigns of events and runs them, one after the other.
#pragma once

#include <memory>

#include "store/shared_writer.h"
#include "telecom/radio.h"
#include "tessera/data_directory.h"
#include "tessera/local_service.h"

namespace tessera::app {

class trigger_runner {
public:
    // All must outlive it. A campaign of a trigger that an earlier process left within a phase goes on first.
    trigger_runner(data_directory& data, store::shared_writer& writer, telecom::radio& radio, local_service& service);
    // Stops what runs at the next commit; the next process goes on with it.
    ~trigger_runner();
    trigger_runner(const trigger_runner&) = delete;
    trigger_runner& operator=(const trigger_runner&) = delete;

private:
    class machine;
    std::unique_ptr<machine> machine_;
};

}  // namespace tessera::app
