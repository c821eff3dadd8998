#include "virtual_machine.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace tessera::simulation {
namespace {

// The longest of thousands of sound runs takes a tenth of it.
constexpr std::uint64_t steps_max = 6'000'000;
constexpr std::uint64_t steps_at_one_time_max = 200'000;

}  // namespace

// The baton is what a thread waits for; who holds it runs.
struct virtual_machine::thread_state {
    thread_state() { sem_init(&baton, 0, 0); }
    ~thread_state() { sem_destroy(&baton); }
    thread_state(const thread_state&) = delete;
    thread_state& operator=(const thread_state&) = delete;

    void take() {
        while (sem_wait(&baton) != 0 && errno == EINTR) {
        }
    }
    void give() { sem_post(&baton); }

    sem_t baton{};
    std::function<void()> work;
    process_id process = 0;
    bool ended = false;
    const void* waits_at = nullptr;
};

virtual_machine* virtual_machine::running_ = nullptr;

virtual_machine::virtual_machine(std::uint64_t seed, double preemption) : random_(seed), preemption_(preemption) {}
virtual_machine::~virtual_machine() = default;

void virtual_machine::run(const std::function<void()>& work) {
    running_ = this;
    threads_.push_back(std::make_unique<thread_state>());
    current_ = threads_.back().get();
    work();
    for (const auto& one : threads_)
        if (one.get() != current_ && !one->ended) hang("threads are left behind");
    running_ = nullptr;
    events_.clear();
}

void virtual_machine::at(instant when, std::function<void()> work) {
    events_.emplace(event{std::max(when, now_), order_++}, std::move(work));
}

void* virtual_machine::begin_thread(std::function<void()> work) {
    threads_.push_back(std::make_unique<thread_state>());
    auto* made = threads_.back().get();
    made->process = current_->process;
    made->work = [this, made, work = std::move(work)] {
        made->take();
        work();
        made->ended = true;
        wake_all(made);
        leave(*made, true);
    };
    ready_.push_back(made);
    return made;
}

std::function<void()> virtual_machine::entry(void* handle) { return static_cast<thread_state*>(handle)->work; }

void virtual_machine::end_of_thread(void* handle) {
    auto* which = static_cast<thread_state*>(handle);
    while (!which->ended) wait_at(which);
}

void virtual_machine::wait_at(const void* place) {
    if (in_event_) hang("an event of the world outside waits");
    auto& me = *current_;
    me.waits_at = place;
    waiting_[place].push_back(&me);
    leave(me, false);
}

void virtual_machine::wake_one(const void* place) {
    const auto found = waiting_.find(place);
    if (found == waiting_.end()) return;
    auto& all = found->second;
    const auto which = static_cast<std::ptrdiff_t>(random_.below(all.size()));
    all[static_cast<std::size_t>(which)]->waits_at = nullptr;
    ready_.push_back(all[static_cast<std::size_t>(which)]);
    all.erase(all.begin() + which);
    if (all.empty()) waiting_.erase(found);
}

void virtual_machine::wake_all(const void* place) {
    const auto found = waiting_.find(place);
    if (found == waiting_.end()) return;
    for (auto* one : found->second) {
        one->waits_at = nullptr;
        ready_.push_back(one);
    }
    waiting_.erase(found);
}

void virtual_machine::sleep(duration span) {
    const char mark = 0;  // a place of its own
    after(span, [this, place = &mark] { wake_all(place); });
    wait_at(&mark);
}

process_id virtual_machine::process() const { return current_->process; }

virtual_machine::as_process::as_process(virtual_machine& machine, process_id which)
    : machine_(&machine), before_(std::exchange(machine.current_->process, which)) {}
virtual_machine::as_process::~as_process() { machine_->current_->process = before_; }

void virtual_machine::stall(process_id which, duration span) {
    if (!stalled_.insert(which).second) return;
    after(span, [this, which] { stalled_.erase(which); });
}

void virtual_machine::heed() {
    if (in_event_ || !held_up(current_->process)) return;
    auto& me = *current_;
    ready_.push_back(&me);
    leave(me, false);
}

void virtual_machine::maybe_switch() {
    if (in_event_ || preemption_ <= 0 || ready_.empty() || !random_.chance(preemption_)) return;
    auto& me = *current_;
    ready_.push_back(&me);
    leave(me, false);
}

void virtual_machine::leave(thread_state& me, bool for_good) {
    auto* next = choose();
    if (next == &me) return;
    current_ = next;
    next->give();
    if (!for_good) me.take();
}

virtual_machine::thread_state* virtual_machine::choose() {
    for (;;) {
        if (++steps_ > steps_max || ++steps_at_this_time_ > steps_at_one_time_max) hang("goes in circles");
        while (!events_.empty() && events_.begin()->first.when <= now_) {
            const auto due = events_.extract(events_.begin());
            in_event_ = true;
            due.mapped()();
            in_event_ = false;
        }
        if (auto* chosen = take_ready()) return chosen;
        if (events_.empty()) hang("everybody waits, and nothing will happen any more");
        now_ = events_.begin()->first.when;
        steps_at_this_time_ = 0;
    }
}

// Whoever is ready and of a process that runs.
virtual_machine::thread_state* virtual_machine::take_ready() {
    const auto runs = [this](const thread_state* one) { return !held_up(one->process); };
    const bool all = frozen_.empty() && stalled_.empty();
    const auto count = all ? ready_.size() : static_cast<std::size_t>(std::ranges::count_if(ready_, runs));
    if (count == 0) return nullptr;
    auto left = random_.below(count);
    auto chosen = ready_.begin();
    while ((!all && !runs(*chosen)) || left-- > 0) ++chosen;
    auto* const next = *chosen;
    ready_.erase(chosen);
    return next;
}

// Nobody can go on, so nothing can be unwound.
void virtual_machine::hang(const std::string& why) const {
    std::printf("%s%s\n", describe ? describe().c_str() : "", why.c_str());
    for (const auto& one : threads_)
        if (!one->ended) std::printf("  a thread waits at %p\n", one->waits_at);
    std::fflush(stdout);
    _exit(EXIT_FAILURE);
}

timestamp virtual_clock::now() const {
    constexpr timestamp beginning{std::chrono::seconds(1'795'300'000)};
    const auto since = machine_->now().time_since_epoch() / tick * tick;
    return beginning + std::chrono::duration_cast<std::chrono::microseconds>(since);
}

}  // namespace tessera::simulation
