// How fast submits may leave: the configured rate as a token bucket, and below it one that follows what the SMSC takes.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace tessera::telecom {

// The bucket is kept as the time at which it will be full again (the generic cell rate algorithm): no drift, no timer.
//
// When the SMSC throttles, the rate is cut once per period by half the share of answers that were throttled (as DCTCP
// cuts its window): everything throttled halves it, a stray one hardly shows. A period without throttling raises it by
// a quarter, until it is unlimited again. Not thread safe; `now` must not go backwards.
class send_rate {
public:
    static constexpr duration burst = std::chrono::milliseconds(10);    // what may leave at once, in time at the rate
    static constexpr duration period = std::chrono::milliseconds(100);  // of adaptation, from its first answer on
    static constexpr double slowest = 10;                               // per second, however hard the SMSC throttles

    explicit send_rate(std::uint32_t configured_per_second);

    [[nodiscard]] bool ready(instant now) const { return full_at_ <= now + burst; }
    [[nodiscard]] instant ready_at() const { return full_at_ - burst; }
    void take(instant now);

    void on_answer(bool throttled, instant now);
    [[nodiscard]] double per_second() const;  // 0: unlimited

private:
    void conclude_period(instant now);

    double configured_;
    double adapted_ = 0;  // 0: nothing to adapt to
    duration interval_{};
    instant full_at_ = instant::min() + burst;
    instant period_begin_{};
    std::uint64_t accepted_ = 0;
    std::uint64_t throttled_ = 0;
};

}  // namespace tessera::telecom
