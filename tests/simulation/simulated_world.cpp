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
    if (!planned_ || commit - commits_before_ != planned_->commit || where != planned_->where) return;
    crash(planned_->what, name_of(where) + " commit " + std::to_string(commit));
}

void simulated_world::crash(power what, const std::string& where) {
    if (crashed_ || calm_) return;
    crashed_ = true;
    ++crashes_;
    ++life_;
    planned_.reset();
    tell((what == power::lost ? "POWER FAILS " : "THE SERVER DIES ") + where);
    disk.crash(what);
    if (outside_) outside_->server_died();
    if (on_crash) on_crash();
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
