// Progress on standard error: a bar that is drawn over on a terminal, a line now and then otherwise.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "campaigns/environment.h"

namespace tessera::app {

class progress_display final : public campaigns::progress_sink {
public:
    // clock must outlive this.
    explicit progress_display(const clock_port& clock);
    void phase_began(int round, campaigns::phase which, std::int64_t cards) override;
    void cards_moved(std::int64_t count) override;
    void waits(std::string_view what, timestamp until) override;
    void phase_ended(int round, campaigns::phase which) override;

private:
    void draw(bool last);
    const clock_port* clock_;
    bool terminal_;
    std::mutex mutex_;
    std::string title_;
    std::int64_t cards_ = 0;
    std::atomic<std::int64_t> moved_ = 0;
    instant began_{};
    std::atomic<instant> drawn_{};
};

}  // namespace tessera::app
