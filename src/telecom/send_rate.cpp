#include "telecom/send_rate.h"

#include <algorithm>

namespace tessera::telecom {
namespace {

constexpr double deepest_cut = 0.25, keep = 0.95, raise = 1.125, probe = 1.01, unlimited_above = 1'000'000;
constexpr int quiet_periods = 20;  // then the SMSC may well take more than it did

duration interval_of(double per_second) {
    return per_second <= 0 ? duration::zero() : duration(static_cast<duration::rep>(1e9 / per_second));
}

}  // namespace

send_rate::send_rate(std::uint32_t configured_per_second)
    : configured_(configured_per_second), interval_(interval_of(configured_)) {}

double send_rate::per_second() const {
    if (configured_ <= 0 || adapted_ <= 0) return std::max(configured_, adapted_);
    return std::min(configured_, adapted_);
}

void send_rate::take(instant now) { full_at_ = std::max(full_at_, now) + interval_; }

void send_rate::on_answer(bool throttled, instant now) {
    if (accepted_ + throttled_ == 0) period_begin_ = now;
    ++(throttled ? throttled_ : accepted_);
    last_answer_ = now;
    look(now);
}

void send_rate::conclude_period() {
    // Time in which nothing was sent says nothing about what is taken.
    const auto span = seconds(std::max<duration>(last_answer_ - period_begin_, period));
    const auto taken = static_cast<double>(accepted_) / span;
    const auto measured = static_cast<double>(accepted_ + throttled_) / span;
    const bool throttled = throttled_ > 0;
    accepted_ = throttled_ = 0;
    if (throttled) {
        // Where there was no rate, what was sent says nothing; what was taken does.
        const auto before = per_second() > 0 ? std::min(per_second(), measured) : measured;
        const bool unlimited = per_second() <= 0 && taken > 0;
        ceiling_ = taken;
        quiet_ = 0;
        adapted_ = std::max({slowest, unlimited ? 0 : before * deepest_cut, std::min(before, taken) * keep});
    } else if (adapted_ > 0) {
        if (++quiet_ > quiet_periods) ceiling_ = 0;
        adapted_ *= ceiling_ > 0 && adapted_ * raise > ceiling_ ? probe : raise;
        if (adapted_ > unlimited_above || (configured_ > 0 && adapted_ > configured_)) adapted_ = 0;
    }
    interval_ = interval_of(per_second());
}

}  // namespace tessera::telecom
