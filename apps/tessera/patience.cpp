#include "tessera/patience.h"

#include <poll.h>

#include "base/local_limits.h"

namespace tessera::app {

patience::patience() : until_(system_clock().monotonic() + limits::owner_wait) {}

bool patience::wait_a_little() const {
    if (system_clock().monotonic() >= until_) return false;
    ::poll(nullptr, 0, static_cast<int>(limits::owner_look.count()));
    return true;
}

}  // namespace tessera::app
