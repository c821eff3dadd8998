// A clock whose wall time a test sets; it goes on from there. Monotonic time is the machine's.
#pragma once

#include <atomic>

#include "base/time.h"

namespace tessera::campaigns {

class movable_clock final : public clock_port {
public:
    explicit movable_clock(timestamp now) { set(now); }
    [[nodiscard]] timestamp now() const override {
        return system_clock().now() + std::chrono::microseconds(ahead_.load());
    }
    [[nodiscard]] instant monotonic() const override { return system_clock().monotonic(); }
    void set(timestamp to) { ahead_ = (to - system_clock().now()).count(); }

private:
    std::atomic<std::int64_t> ahead_ = 0;
};

}  // namespace tessera::campaigns
