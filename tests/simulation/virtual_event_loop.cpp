// net::event_loop on the virtual machine, in the place of the one around Asio: this object comes before the library.
#include <deque>

#include "net/event_loop.h"
#include "virtual_machine.h"

namespace tessera::net {

using simulation::virtual_machine;

struct event_loop::context {
    std::deque<std::function<void()>> ready;
    std::size_t timers = 0;  // that have not expired and were not cancelled
    bool stopped = false;
    std::shared_ptr<int> alive = std::make_shared<int>(0);

    void wake() { virtual_machine::running()->wake_all(this); }
};

namespace {

// A machine's timers come a little late, never on the dot: code may ask whether more time has passed than the delay.
constexpr auto always_late = std::chrono::microseconds(1);

struct pending_timer {
    std::function<void()> work;
    bool over = false;  // expired, or cancelled
};

class virtual_timer final : public event_loop::timer {
public:
    virtual_timer(std::shared_ptr<pending_timer> what, std::function<void()> cancelled)
        : what_(std::move(what)), cancelled_(std::move(cancelled)) {}
    ~virtual_timer() override {
        if (!what_->over) cancelled_();
        what_->work = nullptr;
    }

private:
    std::shared_ptr<pending_timer> what_;
    std::function<void()> cancelled_;
};

}  // namespace

event_loop::event_loop() : context_(std::make_unique<context>()) {}
event_loop::~event_loop() = default;

void event_loop::run() {
    auto& mine = *context_;
    mine.stopped = false;
    while (!mine.stopped) {
        if (!mine.ready.empty()) {
            const auto work = std::move(mine.ready.front());
            mine.ready.pop_front();
            work();
            virtual_machine::running()->maybe_switch();
        } else if (mine.timers == 0) {
            return;
        } else {
            virtual_machine::running()->wait_at(&mine);
        }
    }
}
void event_loop::stop() {
    context_->stopped = true;
    context_->wake();
}
void event_loop::post(std::function<void()> work) {
    context_->ready.push_back(std::move(work));
    context_->wake();
    virtual_machine::running()->maybe_switch();
}
std::unique_ptr<event_loop::timer> event_loop::after(duration delay, std::function<void()> work) {
    auto what = std::make_shared<pending_timer>();
    what->work = std::move(work);
    auto* mine = context_.get();
    ++mine->timers;
    virtual_machine::running()->after(delay + always_late, [what, mine, alive = std::weak_ptr(mine->alive)] {
        if (what->over || alive.expired()) return;
        what->over = true;
        --mine->timers;
        mine->ready.emplace_back([what] {
            if (const auto due = std::move(what->work)) due();
        });
        mine->wake();
    });
    return std::make_unique<virtual_timer>(what, [what, mine, alive = std::weak_ptr(mine->alive)] {
        what->over = true;
        if (!alive.expired()) --mine->timers;
    });
}

}  // namespace tessera::net
