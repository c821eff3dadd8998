// A machine in virtual time: threads of which one runs at a time, chosen by a seeded draw wherever one waits, and
// events of the world outside. Time passes only when every thread waits, and then by leaps. The same seed gives the
// same run.
//
// The product's threads come here by themselves: the linker puts std::thread, std::mutex, std::condition_variable and
// std::future of everything linked into the simulation onto it (virtual_primitives.cpp), and net::event_loop is one of
// its own (virtual_event_loop.cpp). Neither the product nor this needs a lock.
#pragma once

#include <semaphore.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "base/time.h"

namespace tessera::simulation {

// Threads that live, sleep and die together; whoever a thread begins belongs to the same. 0: whoever runs it all.
using process_id = std::uint64_t;

class virtual_machine {
public:
    // preemption: how likely a thread is to be overtaken where it takes a lock or wakes another one.
    virtual_machine(std::uint64_t seed, double preemption);
    ~virtual_machine();
    virtual_machine(const virtual_machine&) = delete;
    virtual_machine& operator=(const virtual_machine&) = delete;

    // The one that runs; null: threads are the machine's below.
    [[nodiscard]] static virtual_machine* running() { return running_; }
    struct thread_state;
    // `work` is the first thread. Returns when it and all others have ended.
    void run(const std::function<void()>& work);

    [[nodiscard]] instant now() const { return now_; }
    // An event of the world outside, in the order of time and of calling; it must not wait for anything.
    void at(instant when, std::function<void()> work);
    void after(duration delay, std::function<void()> work) { at(now_ + delay, std::move(work)); }

    // Whoever waits at an address until somebody wakes it there.
    void wait_at(const void* place);
    void wake_one(const void* place);
    void wake_all(const void* place);
    void sleep(duration span);
    // Here another thread may go first.
    void maybe_switch();

    // A thread that entry() is to run on a stack of its own; the handle is what end_of_thread() waits for.
    void* begin_thread(std::function<void()> work);
    [[nodiscard]] static std::function<void()> entry(void* handle);
    void end_of_thread(void* handle);

    // --- processes

    [[nodiscard]] process_id process() const;
    // The calling thread belongs to that process for a while, to begin its threads and open its files.
    class as_process {
    public:
        as_process(virtual_machine& machine, process_id which);
        ~as_process();
        as_process(const as_process&) = delete;
        as_process& operator=(const as_process&) = delete;

    private:
        virtual_machine* machine_;
        process_id before_;
    };
    // None of its threads runs for so long; what reaches it from outside waits for it. Not prolonged by another one.
    void stall(process_id which, duration span);
    // None of its threads runs any more, until thaw_all().
    void freeze(process_id which) { frozen_.insert(which); }
    void thaw_all() { frozen_.clear(); }
    // To be called by whoever may have stalled or frozen the process that it belongs to.
    void heed();

    // So many choices were made; a run that goes in circles is ended as a failure.
    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    // What the run was up to, told when it hangs.
    std::function<std::string()> describe;

private:
    struct event {
        instant when;
        std::uint64_t order = 0;
        friend auto operator<=>(const event&, const event&) = default;
    };

    void leave(thread_state& me, bool for_good);
    thread_state* choose();
    thread_state* take_ready();
    [[nodiscard]] bool held_up(process_id which) const { return frozen_.contains(which) || stalled_.contains(which); }
    void hang(const std::string& why) const;

    static virtual_machine* running_;
    seeded_random random_;
    double preemption_;
    instant now_{std::chrono::seconds(1)};
    std::uint64_t order_ = 0;
    std::uint64_t steps_ = 0;
    std::uint64_t steps_at_this_time_ = 0;
    std::map<event, std::function<void()>> events_;
    std::vector<thread_state*> ready_;
    std::set<process_id> frozen_;
    std::set<process_id> stalled_;
    thread_state* current_ = nullptr;
    bool in_event_ = false;
    std::unordered_map<const void*, std::deque<thread_state*>> waiting_;
    std::vector<std::unique_ptr<thread_state>> threads_;
};

// The machine's clock. Its wall time begins in November 2026.
class virtual_clock final : public clock_port {
public:
    explicit virtual_clock(const virtual_machine& machine) : machine_(&machine) {}
    [[nodiscard]] timestamp now() const override;
    [[nodiscard]] instant monotonic() const override { return machine_->now(); }
    duration tick = std::chrono::microseconds(1);  // wall time goes by such steps: several things happen within one

private:
    const virtual_machine* machine_;
};

}  // namespace tessera::simulation
