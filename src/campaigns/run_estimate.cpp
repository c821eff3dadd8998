#include "campaigns/run_estimate.h"

#include <algorithm>
#include <cmath>

namespace tessera::campaigns {
namespace {

constexpr std::int64_t hour_minutes = 60;

std::int64_t minute_of(timestamp when) {
    return std::chrono::floor<std::chrono::minutes>(when).time_since_epoch().count();
}

std::chrono::microseconds span(double seconds) {
    return std::chrono::microseconds(static_cast<std::int64_t>(std::llround(seconds * 1e6)));
}

// The ration as safety_store counts it: so many in any sixty minutes.
class ration {
public:
    ration(std::int64_t per_hour, std::map<std::int64_t, std::int64_t> sent)
        : per_hour_(per_hour), sent_(std::move(sent)) {}

    [[nodiscard]] bool any() const { return per_hour_ > 0; }
    [[nodiscard]] std::int64_t free(timestamp when) {
        sent_.erase(sent_.begin(), sent_.upper_bound(minute_of(when) - hour_minutes));
        std::int64_t counted = 0;
        for (const auto& [minute, messages] : sent_) counted += messages;
        return std::max(per_hour_ - counted, std::int64_t{0});
    }
    void take(timestamp when, std::int64_t messages) { sent_[minute_of(when)] += messages; }
    // When something is free again; only after free() found nothing.
    [[nodiscard]] timestamp next() const {
        return timestamp(std::chrono::minutes(sent_.begin()->first + hour_minutes));
    }

private:
    std::int64_t per_hour_;
    std::map<std::int64_t, std::int64_t> sent_;
};

class planner {
public:
    planner(double per_second, const std::optional<window_rule>& window, ration left, timestamp now)
        : per_second_(per_second),
          window_(window),
          ration_(std::move(left)),
          at_(now),
          horizon_(now + std::chrono::days(365 * limits::estimated_years)) {
        made_.begins = made_.ends = now;
    }

    result<void> send(const estimated_part& part) {
        std::optional<send_window> hours;
        if (window_) {
            TESSERA_TRY_VALUE(const auto zone, time_zone::find(part.zone.empty() ? window_->zone : part.zone));
            hours.emplace(*window_, zone);
        }
        auto left = part.short_messages;
        timestamp open_until = timestamp::max();
        if (hours && left > 0 && !open(*hours, open_until)) return {};
        while (left > 0 && made_.whole) {
            if (++steps_ > limits::estimated_steps || at_ > horizon_) {
                made_.whole = false;
                return {};
            }
            if (at_ >= open_until && !open(*hours, open_until)) return {};
            if (const auto now = at_; ration_.any() && ration_.free(now) == 0) {
                at_ = std::max(at_, ration_.next());
                if (begun_) waited_for_ration_ += seconds(std::min(at_, open_until) - now);
                continue;
            }
            left -= burst(left, open_until);
        }
        return {};
    }

    [[nodiscard]] run_estimate made() const {
        auto all = made_;
        const auto most = std::max({sending_, waited_for_ration_, waited_for_window_});
        if (most == waited_for_window_ && most > 0) all.limited_by = run_limit::window;
        if (most == waited_for_ration_ && most > 0) all.limited_by = run_limit::ration;
        if (most == sending_) all.limited_by = run_limit::link;
        if (!all.whole && window_ && !ration_.any()) all.limited_by = run_limit::window;
        return all;
    }

private:
    // Goes to when the window is open, and says until when. False: it never is.
    bool open(const send_window& hours, timestamp& until) {
        const auto found = hours.next(at_);
        if (!found) {
            made_.whole = false;
            return false;
        }
        if (found->from > at_) {
            if (begun_) waited_for_window_ += seconds(found->from - at_);
            at_ = found->from;
        }
        until = found->to;
        in_new_window_ = in_new_window_ || counted_until_ != found->to;
        counted_until_ = found->to;
        return true;
    }

    // As many as go at once; returns how many.
    std::int64_t burst(std::int64_t left, timestamp open_until) {
        if (ration_.any()) left = std::min(left, ration_.free(at_));
        double room = static_cast<double>(left);
        if (open_until != timestamp::max()) room = std::min(room, seconds(open_until - at_) * per_second_);
        // One more that goes in the last moment; so something always does.
        const auto count = std::clamp(static_cast<std::int64_t>(std::ceil(room)), std::int64_t{1}, left);
        if (!std::exchange(begun_, true)) made_.begins = at_;
        if (window_ && std::exchange(in_new_window_, false)) ++made_.windows;
        const double took = static_cast<double>(count) / per_second_;
        sending_ += took;
        at_ = std::min(at_ + span(took), open_until);
        made_.ends = at_;
        if (ration_.any()) ration_.take(at_, count);
        return count;
    }

    double per_second_;
    const std::optional<window_rule>& window_;
    ration ration_;
    timestamp at_;
    timestamp horizon_;
    timestamp counted_until_;
    run_estimate made_;
    double sending_ = 0, waited_for_ration_ = 0, waited_for_window_ = 0;  // seconds
    std::size_t steps_ = 0;
    bool begun_ = false;
    bool in_new_window_ = false;
};

}  // namespace

result<run_estimate> estimate_run(const std::vector<estimated_part>& parts, double per_second,
                                  const std::optional<window_rule>& window, std::int64_t sends_per_hour,
                                  const std::map<std::int64_t, std::int64_t>& sent, timestamp now) {
    planner plan(per_second, window, ration(sends_per_hour, sent), now);
    for (const auto& one : parts) TESSERA_TRY(plan.send(one));
    return plan.made();
}

std::vector<estimated_part> parts_of(std::int64_t short_messages, const std::vector<leg>& legs) {
    if (legs.empty()) return {{short_messages, {}}};
    std::int64_t targets = 0;
    for (const auto& one : legs) targets += one.targets;
    std::vector<estimated_part> made;
    std::int64_t before = 0, given = 0;
    for (const auto& one : legs) {
        before += one.targets;
        // In doubles: a fleet's messages times its cards do not fit an integer.
        const auto share = targets == 0 ? 0 : static_cast<double>(before) / static_cast<double>(targets);
        const auto up_to = std::llround(share * static_cast<double>(short_messages));
        made.push_back({up_to - given, one.zone});
        given = up_to;
    }
    return made;
}

}  // namespace tessera::campaigns
