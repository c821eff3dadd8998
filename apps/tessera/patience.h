// How long a command waits for another process that is just coming or going: limits::owner_wait.
#pragma once

#include "base/time.h"

namespace tessera::app {

class patience {
public:
    patience();
    // Lets a little time pass. False: it is used up.
    [[nodiscard]] bool wait_a_little() const;

private:
    instant until_;
};

}  // namespace tessera::app
