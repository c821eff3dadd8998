// One data directory, one server after another that owns it, or several at once on one database, and the world outside.
// A crash takes the server away in the middle of whatever it does; one of several may also sleep for a while.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
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

enum class trouble : std::uint8_t {
    stall,  // none of its threads runs for a while
    death,
    power_failure,  // everybody dies
};

// What is to happen to one of several processes: at a moment of its n-th commit from now on, or when it has let go of
// the log after it.
struct planned_trouble {
    process_id process = 0;
    std::uint64_t commit = 1;
    std::optional<commit_moment> where;  // none: when it has let go
    trouble what{};
    duration how_long{};  // of a stall
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
    void calm();

    // --- of several processes

    [[nodiscard]] process_id begin_process() { return ++last_process_; }
    [[nodiscard]] bool is_dead(process_id which) const { return which <= dead_up_to_ || dead_.contains(which); }
    void plan(const planned_trouble& what) { troubles_.push_back(what); }
    // Now; nothing to who is dead already, or spared.
    void meet(const planned_trouble& what, const std::string& where);
    // It stops in good order, and nothing but the power takes it away any more.
    void spare(process_id which) { spared_.insert(which); }
    [[nodiscard]] std::uint64_t stalls() const { return stalls_; }

    void tell(const std::string& line);
    std::function<void(const std::string&)> watch;  // with the time before it

private:
    void at_commit(std::uint64_t commit, commit_moment where);
    void look_for_trouble(std::optional<commit_moment> where);
    void kill(process_id which, const std::string& where);

    std::unique_ptr<radio_world> outside_;
    seeded_random chance_;
    std::optional<planned_crash> planned_;
    std::uint64_t commits_before_ = 0;
    std::uint64_t life_ = 0;
    std::uint64_t crashes_ = 0;
    std::uint64_t stalls_ = 0;
    process_id last_process_ = 0;
    process_id dead_up_to_ = 0;
    std::set<process_id> dead_, spared_;
    std::vector<planned_trouble> troubles_;
    bool crashed_ = false;
    bool calm_ = false;
};

}  // namespace tessera::simulation
