// One scenario from its beginning to its end, and what must hold of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "memory_disk.h"
#include "scenario.h"

namespace tessera::simulation {

struct run_report {
    std::vector<std::string> violations;  // none: it holds
    std::uint64_t trace = 0;              // a hash over all that happened
    std::uint64_t crashes = 0;
    std::uint64_t commits = 0;
    std::uint64_t packets = 0;
    std::uint64_t outcomes = 0;
    double virtual_seconds = 0;
};

struct run_options {
    std::function<void(const std::string&)> watch;  // a line for each step
    // In place of the crashes drawn: one of the first server, at this moment.
    std::optional<planned_crash> only_crash;
};

[[nodiscard]] run_report run_scenario(const scenario& what, const memory_disk::image& empty,
                                      const run_options& options);

}  // namespace tessera::simulation
