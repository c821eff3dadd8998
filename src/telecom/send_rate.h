// How fast submits may leave: the configured rate as a token bucket, and below it one that follows what the SMSC takes.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace tessera::telecom {

// The bucket is kept as the time at which it will be full again (the generic cell rate algorithm): no drift, no timer.
//
// When the SMSC throttles, the rate becomes a little less than what it took in that period, but never less than a
// quarter of what it was. Periods without throttling raise it: by an eighth each while it is far below where throttling
// began, by little near to it, and by an eighth again when it was quiet there for a second, until it is unlimited
// again. Not thread safe; `now` must not go backwards.
class send_rate {
public:
    static constexpr duration burst = std::chrono::milliseconds(10);     // what may leave at once, in time at the rate
    static constexpr duration period = std::chrono::milliseconds(50);    // of adaptation, from its first answer on,
    static constexpr std::uint64_t period_answers = 8;                   // and until there are so many,
    static constexpr duration longest_period = std::chrono::seconds(1);  // or so long
    static constexpr double slowest = 10;                                // per second, however hard the SMSC throttles

    explicit send_rate(std::uint32_t configured_per_second);

    [[nodiscard]] bool ready(instant now) const { return full_at_ <= now + burst; }
    [[nodiscard]] instant ready_at() const { return full_at_ - burst; }
    void take(instant now);

    void on_answer(bool throttled, instant now);
    // Before something is sent that waited: a period may have ended without an answer to end it.
    void look(instant now) {
        if (enough_answers() && now - period_begin_ >= period) conclude_period();
    }
    [[nodiscard]] double per_second() const;  // 0: unlimited

private:
    [[nodiscard]] bool enough_answers() const {
        const auto answers = accepted_ + throttled_;
        return answers >= period_answers || (answers > 0 && last_answer_ - period_begin_ >= longest_period);
    }
    void conclude_period();

    double configured_;
    double adapted_ = 0;  // 0: nothing to adapt to
    double ceiling_ = 0;  // what the SMSC took when it throttled last; 0: long ago
    int quiet_ = 0;       // periods since then
    duration interval_{};
    instant full_at_ = instant::min() + burst;
    instant period_begin_{};
    instant last_answer_{};
    std::uint64_t accepted_ = 0;
    std::uint64_t throttled_ = 0;
};

}  // namespace tessera::telecom
