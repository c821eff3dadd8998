// One data directory, one server after another that owns it, and the world outside. A crash takes the server away in
// the middle of whatever it does.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memory_disk.h"
#include "radio_world.h"
#include "virtual_machine.h"

namespace tessera::simulation {

class server;

// When the server is to die: at a moment of its n-th commit from now on, or at a time.
struct planned_crash {
    std::uint64_t commit = 0;  // 0: none
    commit_moment where = commit_moment::before;
    power what = power::kept;
};

class simulated_world {
public:
    simulated_world(std::uint64_t seed, double preemption, const memory_disk::image& disk);
    ~simulated_world();
    simulated_world(const simulated_world&) = delete;
    simulated_world& operator=(const simulated_world&) = delete;
    [[nodiscard]] static simulated_world& now();

    virtual_machine machine;
    virtual_clock clock{machine};
    memory_disk disk;
    seeded_random random;  // of the product: ids, nonces, key sets

    void open_outside(std::unique_ptr<radio_world> made) { outside_ = std::move(made); }
    [[nodiscard]] radio_world& outside() { return *outside_; }

    // How many servers there were; whatever belongs to an earlier one is dead.
    [[nodiscard]] std::uint64_t life() const { return life_; }
    void plan(const planned_crash& crash);
    void crash(power what, const std::string& where);
    void lose_power_at_the_end();
    [[nodiscard]] bool crashed() const { return crashed_; }
    [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
    // Who is told that the server is dead, to stop what it does.
    std::function<void()> on_crash;
    // The next server.
    void reborn() { crashed_ = false; }
    // What was planned does not come any more.
    void calm() { calm_ = true; }

    void tell(const std::string& line);
    std::function<void(const std::string&)> watch;  // with the time before it

private:
    void at_commit(std::uint64_t commit, commit_moment where);

    std::unique_ptr<radio_world> outside_;
    seeded_random chance_;
    std::optional<planned_crash> planned_;
    std::uint64_t commits_before_ = 0;
    std::uint64_t life_ = 0;
    std::uint64_t crashes_ = 0;
    bool crashed_ = false;
    bool calm_ = false;
};

}  // namespace tessera::simulation
