// One thread's events: timers and work posted from other threads, around an Asio io_context that stays out of sight.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"

namespace tessera::net {

class event_loop {
public:
    event_loop();
    ~event_loop();
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;

    // Runs handlers on the calling thread until stop(), or until there is nothing left to wait for.
    void run();
    void stop();  // thread safe; run() returns after the current handler

    // Runs `work` on the loop's thread, soon. Thread safe.
    void post(std::function<void()> work);

    // Runs `work` on the loop's thread after `delay`. The timer is cancelled by destroying or resetting the handle.
    // Loop's thread only.
    class timer {
    public:
        virtual ~timer() = default;
    };
    [[nodiscard]] std::unique_ptr<timer> after(duration delay, std::function<void()> work);

    // The Asio context, for the drivers of sockets (net, telecom, sim).
    struct context;
    [[nodiscard]] context& asio() { return *context_; }

private:
    std::unique_ptr<context> context_;
};

}  // namespace tessera::net
