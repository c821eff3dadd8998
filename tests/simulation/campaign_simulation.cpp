// campaign_simulation: scenarios by their seeds, in as many processes as there are processors. See README.md.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/log.h"
#include "seed_runs.h"
#include "simulation_run.h"

namespace tessera::simulation {
namespace {

struct arguments {
    seed_plan plan;
    std::optional<std::uint64_t> runs;
    bool verbose = false;
    bool json = false;
};

constexpr const char* crash_form = "COMMIT:before|written|durable[:lost|:kept], COMMIT from 1 on";

std::optional<planned_crash> crash_from(std::string_view text) {
    const auto colon = text.find(':');
    planned_crash made{0, commit_moment::before, power::lost};
    const auto digits = text.substr(0, colon);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), made.commit);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return {};
    if (made.commit == 0 || colon == std::string_view::npos) return {};
    auto where = text.substr(colon + 1);
    if (where.ends_with(":kept")) made.what = power::kept;
    if (where.ends_with(":kept") || where.ends_with(":lost")) where.remove_suffix(5);
    if (where == "before") return made;
    made.where = where == "written" ? commit_moment::written : commit_moment::durable;
    if (where == "written" || where == "durable") return made;
    return {};
}

// CLI11 takes -1 for the largest number there is.
CLI::Validator whole_number(std::uint64_t least) {
    const auto check = [least](const std::string& text) {
        std::uint64_t value = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool good = read.ec == std::errc() && read.ptr == text.data() + text.size() && value >= least;
        return good ? std::string()
                    : "\"" + text + "\": expected a whole number, " + std::to_string(least) + " or more, of 64 bits";
    };
    return {check, ""};
}

void add_options(CLI::App& app, arguments& into) {
    auto& plan = into.plan;
    plan.jobs = std::max(1U, std::thread::hardware_concurrency());
    auto* seed =
        app.add_option("--seed", plan.from, "one scenario, or --runs from it on; --verbose tells one step by step")
            ->check(whole_number(0));
    app.add_option("--runs", into.runs,
                   "so many, from seed 1 or the one given; a line for each that fails, and how to replay it")
        ->check(whole_number(1))
        ->default_str(std::to_string(plan.runs) + "; of a --seed 1");
    app.add_option("--from", plan.from, "the first seed")
        ->check(whole_number(0))
        ->excludes(seed)
        ->capture_default_str();
    app.add_option("--jobs", plan.jobs, "processes at a time")->check(whole_number(1))->capture_default_str();
    app.add_flag("--verbose", into.verbose, "every step; several seeds one after the other");
    app.add_flag("--json", into.json, "one JSON object for each line");
    app.add_flag("--until-failure", plan.until_failure, "no more seeds after one that fails");
    const auto crash = [&plan](const std::string& text) { plan.only_crash = crash_from(text); };
    app.add_option_function<std::string>(
           "--crash-at", crash,
           "in place of the crashes drawn, one of the first server, at a moment of its n-th commit")
        ->type_name(crash_form)
        ->check([](const std::string& text) {
            return crash_from(text) ? std::string() : "\"" + text + "\": expected " + crash_form;
        });
}

bool holds(std::uint64_t seed, const arguments& asked) {
    const auto what = scenario::draw(seed);
    run_options options;
    options.only_crash = asked.plan.only_crash;
    if (asked.verbose) {
        std::printf("%s\n", what.describe().c_str());
        options.watch = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
    }
    const auto report = run_scenario(what, empty_database(), options);
    std::printf("%s\n", asked.json ? json_of(seed, report).c_str() : text_of(seed, report).c_str());
    if (asked.plan.only_crash && report.crashes == 0)
        std::fprintf(stderr, "campaign_simulation: --crash-at: the first server of seed %llu never came so far\n",
                     static_cast<unsigned long long>(seed));
    return report.violations.empty();
}

// In this process, so that a debugger sees it.
int one_by_one(const arguments& asked) {
    stay_at_processor(static_cast<std::uint64_t>(::getpid()));
    bool all_hold = true;
    for (std::uint64_t i = 0; i < asked.plan.runs; ++i) all_hold = holds(asked.plan.from + i, asked) && all_hold;
    return all_hold ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run(int count, char** words) {
    set_log_level(log_level::error);
    arguments asked;
    CLI::App app("whole campaigns in virtual time, with crashes at their commits: see tests/simulation/README.md",
                 "campaign_simulation");
    add_options(app, asked);
    try {
        app.parse(count, words);
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? EXIT_SUCCESS : 2;
    }
    asked.plan.runs = asked.runs.value_or(app.count("--seed") > 0 ? 1 : asked.plan.runs);
    if (asked.plan.runs - 1 > std::numeric_limits<std::uint64_t>::max() - asked.plan.from) {
        std::fprintf(stderr, "campaign_simulation: --runs: there are fewer seeds of 64 bits from the first one on\n");
        return 2;
    }
    if (asked.plan.runs == 1 || asked.verbose) return one_by_one(asked);
    return run_seeds(asked.plan, asked.json) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace tessera::simulation

int main(int count, char** words) {
    try {
        return tessera::simulation::run(count, words);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "campaign_simulation: %s\n", problem.what());
        return EXIT_FAILURE;
    }
}
