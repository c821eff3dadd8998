// Many seeds, spread over processes, so that one that dies or hangs fails its own seed and no other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "simulation_run.h"

namespace tessera::simulation {

struct seed_plan {
    std::uint64_t from = 1;
    std::uint64_t runs = 100;
    std::uint64_t jobs = 1;
    bool until_failure = false;  // seeds that are under way then end, and no others begin
    std::optional<planned_crash> only_crash;
};

// Prints a line for each seed that fails, progress to standard error, and at the end what came of all; returns how many
// failed.
[[nodiscard]] std::uint64_t run_seeds(const seed_plan& plan, bool as_json);

// This process's threads run one at a time; where all of them stay at the n-th of its processors, each hands over to
// the next without waking another one.
void stay_at_processor(std::uint64_t n);

[[nodiscard]] std::string text_of(std::uint64_t seed, const run_report& report);
[[nodiscard]] std::string json_of(std::uint64_t seed, const run_report& report);

}  // namespace tessera::simulation
