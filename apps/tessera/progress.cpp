#include "tessera/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace tessera::app {
namespace {

constexpr int bar_width = 30;
constexpr auto redraw_interval = std::chrono::milliseconds(100);
constexpr auto line_interval = std::chrono::seconds(5);

}  // namespace

progress_display::progress_display(const clock_port& clock) : clock_(&clock), terminal_(::isatty(STDERR_FILENO) == 1) {}

void progress_display::phase_began(int round, campaigns::phase which, std::int64_t cards) {
    const std::lock_guard held(mutex_);
    title_ = "round " + std::to_string(round) + " " + std::string(campaigns::to_string(which));
    cards_ = cards;
    moved_ = 0;
    began_ = clock_->monotonic();
    drawn_ = began_;
}

void progress_display::cards_moved(std::int64_t count) {
    moved_ += count;
    const auto now = clock_->monotonic();
    auto last = drawn_.load();
    if (now - last < (terminal_ ? duration(redraw_interval) : duration(line_interval)) ||
        !drawn_.compare_exchange_strong(last, now))
        return;
    const std::lock_guard held(mutex_);
    draw(false);
}

void progress_display::waits(std::string_view what, timestamp until) {
    const std::lock_guard held(mutex_);
    std::fprintf(stderr, "%s%s waits for %.*s until %s\n", terminal_ ? "\r" : "", title_.c_str(),
                 static_cast<int>(what.size()), what.data(), to_iso8601(until).c_str());
}

void progress_display::phase_ended(int, campaigns::phase) {
    const std::lock_guard held(mutex_);
    draw(true);
}

void progress_display::draw(bool last) {
    const auto moved = moved_.load();
    const double took = seconds(clock_->monotonic() - began_);
    const double share = cards_ > 0 ? std::min(1.0, static_cast<double>(moved) / static_cast<double>(cards_)) : 1.0;
    const double rate = took > 0 ? static_cast<double>(moved) / took : 0;
    std::string bar;
    if (terminal_) {
        const int filled = static_cast<int>(share * bar_width);
        for (int i = 0; i < bar_width; ++i) bar += i < filled ? "█" : "░";
        bar += " ";
    }
    std::fprintf(stderr, "%s%-18s %s%3d %%  %lld of %lld cards  %.1f s  %.0f cards/s%s", terminal_ ? "\r" : "",
                 title_.c_str(), bar.c_str(), static_cast<int>(share * 100), static_cast<long long>(moved),
                 static_cast<long long>(cards_), took, rate, terminal_ && !last ? " " : "\n");
}

}  // namespace tessera::app
