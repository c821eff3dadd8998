// The order in which answers came, for rows that keep it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace tessera::campaigns {

// Times of arrival in microseconds, each given once and rising, whatever the clock does. Of one thread.
class arrival_clock {
public:
    [[nodiscard]] std::int64_t next(const clock_port& clock) {
        last_ = std::max(last_ + 1, to_microseconds(clock.now()));
        return last_;
    }

private:
    std::int64_t last_ = 0;
};

}  // namespace tessera::campaigns
