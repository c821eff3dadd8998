#include "telecom/send_rate.h"

#include <algorithm>

namespace tessera::telecom {
namespace {

constexpr double cut = 0.5, raise = 1.25, unlimited_above = 1'000'000;

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
    if (now - period_begin_ >= period) conclude_period(now);
}

void send_rate::conclude_period(instant now) {
    const auto answers = static_cast<double>(accepted_ + throttled_);
    const auto share = static_cast<double>(throttled_) / answers;
    accepted_ = throttled_ = 0;
    if (share > 0) {
        const auto measured = answers / seconds(now - period_begin_);
        const auto before = per_second() > 0 ? std::min(per_second(), measured) : measured;
        adapted_ = std::max(slowest, before * (1 - cut * share));
    } else if (adapted_ > 0) {
        adapted_ *= raise;
        if (adapted_ > unlimited_above || (configured_ > 0 && adapted_ > configured_)) adapted_ = 0;
    }
    interval_ = interval_of(per_second());
}

}  // namespace tessera::telecom
