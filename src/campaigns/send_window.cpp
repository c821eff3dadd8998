#include "campaigns/send_window.h"

#include <algorithm>

#include "base/limits.h"

namespace tessera::campaigns {
namespace {

using std::chrono::days;
using std::chrono::local_days;

constexpr int longest_stretch_days = 400;  // of windows one after the other without a gap

// What is left of `all` without the time from `from` to `to`.
void cut_out(std::vector<send_window::opening>& all, timestamp from, timestamp to) {
    std::vector<send_window::opening> left;
    for (const auto& one : all) {
        if (one.from < std::min(one.to, from)) left.push_back({one.from, std::min(one.to, from)});
        if (std::max(one.from, to) < one.to) left.push_back({std::max(one.from, to), one.to});
    }
    all = std::move(left);
}

}  // namespace

// The window that opens on that day, or what blackout days leave of it.
std::vector<send_window::opening> send_window::on(local_days day) const {
    const auto weekday = std::chrono::weekday(day).iso_encoding() - 1;
    if (!rule_.days[weekday]) return {};
    const auto next_day = rule_.to <= rule_.from ? days(1) : days(0);
    std::vector<opening> all{{zone_.first(day + rule_.from), zone_.first(day + next_day + rule_.to)}};
    for (const auto closed : {day, day + days(1)})
        if (std::ranges::find(rule_.blackout, closed) != rule_.blackout.end())
            cut_out(all, zone_.first(closed), zone_.first(closed + days(1)));
    std::erase_if(all, [](const opening& one) { return one.from >= one.to; });
    return all;
}

std::optional<send_window::opening> send_window::next(timestamp when) const {
    // Yesterday's window may reach into today.
    const auto start = std::chrono::floor<days>(zone_.local(when)) - days(1);
    std::optional<opening> found;
    for (int i = 0; i < limits::days_until_a_window_opens; ++i) {
        for (const auto& one : on(start + days(i))) {
            if (one.to <= when) continue;
            // Windows of the whole day go on into one another.
            if (found && one.from > found->to) return found;
            if (found)
                found->to = std::max(found->to, one.to);
            else
                found = one;
        }
        if (found && found->to - found->from > days(longest_stretch_days)) return found;
        if (found && start + days(i) > std::chrono::floor<days>(zone_.local(found->to)) + days(1)) return found;
    }
    return found;
}

}  // namespace tessera::campaigns
