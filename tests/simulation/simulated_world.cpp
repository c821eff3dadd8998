#include "simulated_world.h"

#include <cstdio>
#include <utility>

namespace tessera::simulation {
namespace {

simulated_world* the_world = nullptr;

constexpr std::uint64_t of_machine = 1, of_disk = 2, of_product = 3, of_world = 4;

std::string name_of(commit_moment where) {
    return where == commit_moment::before    ? "before"
           : where == commit_moment::written ? "right after"
                                             : "having synced";
}

}  // namespace

simulated_world::simulated_world(std::uint64_t seed, double preemption, const memory_disk::image& begin)
    : machine(mix64(seed ^ of_machine), preemption),
      disk(mix64(seed ^ of_disk)),
      random(mix64(seed ^ of_product)),
      chance_(mix64(seed ^ of_world)) {
    the_world = this;
    disk.begin_with(begin);
    memory_disk::use(&disk);
    disk.on_commit = [this](std::uint64_t commit, commit_moment where) { at_commit(commit, where); };
    disk.on_sync = [this] { machine.sleep(std::chrono::microseconds(20 + chance_.below(800))); };
    disk.on_release = [this] { look_for_trouble(std::nullopt); };
    disk.process = [this] { return machine.process(); };
    disk.on_wait = [this](int microseconds) { machine.sleep(std::chrono::microseconds(microseconds)); };
    disk.wall_milliseconds = [this] { return to_microseconds(clock.now()) / 1'000; };
}

simulated_world::~simulated_world() {
    memory_disk::use(nullptr);
    the_world = nullptr;
}

simulated_world& simulated_world::now() { return *the_world; }

void simulated_world::plan(const planned_crash& crash) {
    planned_ = crash;
    commits_before_ = disk.commits();
}

void simulated_world::at_commit(std::uint64_t commit, commit_moment where) {
    if (outside_) outside_->trace("commit");
    look_for_trouble(where);
    if (!planned_ || commit - commits_before_ != planned_->commit || where != planned_->where) return;
    crash(planned_->what, name_of(where) + " commit " + std::to_string(commit));
}

void simulated_world::crash(power what, const std::string& where) {
    if (crashed_ || calm_) return;
    crashed_ = true;
    ++crashes_;
    ++life_;
    dead_up_to_ = last_process_;
    troubles_.clear();
    planned_.reset();
    tell((what == power::lost ? "POWER FAILS " : "THE SERVER DIES ") + where);
    disk.crash(what);
    if (outside_) outside_->server_died();
    if (on_crash) on_crash();
    machine.thaw_all();  // to unwind
}

void simulated_world::calm() {
    calm_ = true;
    troubles_.clear();
}

// --- of several processes

// Of whoever runs now.
void simulated_world::look_for_trouble(std::optional<commit_moment> where) {
    if (troubles_.empty()) return;
    const auto mine = machine.process();
    std::vector<planned_trouble> due;
    std::erase_if(troubles_, [&](planned_trouble& one) {
        if (one.process != mine) return false;
        if (where == commit_moment::before && one.commit > 0) --one.commit;
        if (one.commit > 0 || one.where != where) return false;
        due.push_back(one);
        return true;
    });
    for (const auto& one : due) meet(one, where ? name_of(*where) + " a commit" : "having let go of the log");
}

void simulated_world::meet(const planned_trouble& what, const std::string& where) {
    if (calm_ || crashed_ || is_dead(what.process) || spared_.contains(what.process)) return;
    if (what.what == trouble::power_failure) return crash(power::lost, where);
    if (what.what == trouble::death) return kill(what.process, where);
    ++stalls_;
    tell("PROCESS " + std::to_string(what.process) + " STALLS for " + std::to_string(seconds(what.how_long)) + " s " +
         where);
    machine.stall(what.process, what.how_long);
    machine.heed();
}

// It stands still as it is until everything is over: nothing of it is seen any more, and nothing of it unwinds.
void simulated_world::kill(process_id which, const std::string& where) {
    ++crashes_;
    dead_.insert(which);
    tell("PROCESS " + std::to_string(which) + " DIES " + where);
    disk.kill(which);
    if (outside_) outside_->server_died(which);
    machine.freeze(which);
    machine.heed();
}

void simulated_world::lose_power_at_the_end() {
    calm_ = false;
    crash(power::lost, "at the end");
    calm_ = true;
}

void simulated_world::tell(const std::string& line) {
    if (!watch) return;
    const auto since = machine.now().time_since_epoch() - std::chrono::seconds(1);
    char at[32];
    std::snprintf(at, sizeof at, "%12.6f  ", seconds(since));
    watch(at + line);
}

}  // namespace tessera::simulation
