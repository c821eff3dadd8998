#include "simulation_run.h"

#include <algorithm>
#include <stdexcept>

#include "base/log.h"
#include "operator_desk.h"
#include "oracle.h"

namespace tessera::simulation {

run_report run_scenario(const scenario& what, const memory_disk::image& empty, const run_options& options) {
    run_report report;
    simulated_world world(what.seed, what.preemption, empty);
    world.watch = options.watch;
    world.clock.tick = std::max<duration>(what.tick, world.clock.tick);
    // Databases, links and processes come and go; nothing of that is a reason to leave a campaign to others, or what is
    // left of one.
    set_log_sink([&](log_level level, std::string_view line) {
        const bool dies = line.find("disk I/O error") != line.npos;
        if (level == log_level::error && !dies) world.outside().accuse(std::string(line));
        world.tell(std::string(line));
    });
    world.machine.describe = [&] { return "seed " + std::to_string(what.seed) + ": "; };
    world.open_outside(
        std::make_unique<radio_world>(world.machine, mix64(what.seed ^ 7), what.witness, what.fleet, what.outside));
    if (options.watch) world.outside().tell = [&](const std::string& line) { world.tell(line); };
    world.machine.run([&] {
        operator_desk desk(world, what, options);
        try {
            desk.work();
            examine(world, what, desk, report);
        } catch (const std::exception& problem) {
            world.outside().accuse(problem.what());
        }
    });
    set_log_sink({});
    report.violations = world.outside().violations();
    report.trace = world.outside().trace();
    report.crashes = world.crashes() - 1;
    report.commits = world.disk.commits();
    report.packets = world.outside().statistics().submits;
    report.virtual_seconds = seconds(world.machine.now().time_since_epoch());
    return report;
}

}  // namespace tessera::simulation
