// campaign_simulation: scenarios by their seeds, in as many processes as there are processors. See README.md.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.h"
#include "seed_runs.h"
#include "simulation_run.h"

namespace tessera::simulation {
namespace {

constexpr const char* usage =
    "usage: campaign_simulation [--seed N | --runs N [--from SEED]] [--jobs N] [--verbose] [--json] [--until-failure]\n"
    "                           [--crash-at COMMIT:before|written|durable[:lost|:kept]]\n"
    "  --seed N      one scenario; --verbose tells it step by step\n"
    "  --runs N      so many, from seed 1 or --from; a line for each that fails, and how to replay it\n"
    "  --until-failure   no more seeds after one that fails\n"
    "  --crash-at    in place of the crashes drawn, one of the first server, at a moment of its n-th commit\n";

struct arguments {
    seed_plan plan;
    bool verbose = false;
    bool json = false;
};

std::optional<std::uint64_t> number(std::string_view text) {
    if (text.empty() || text.size() > 19 || text.find_first_not_of("0123456789") != std::string_view::npos) return {};
    return std::strtoull(std::string(text).c_str(), nullptr, 10);
}

std::optional<planned_crash> crash_from(std::string_view text) {
    const auto colon = text.find(':');
    const auto commit = number(text.substr(0, colon));
    if (!commit || *commit == 0 || colon == std::string_view::npos) return {};
    auto where = text.substr(colon + 1);
    planned_crash made{*commit, commit_moment::before, power::lost};
    if (where.ends_with(":kept")) made.what = power::kept;
    if (where.ends_with(":kept") || where.ends_with(":lost")) where.remove_suffix(5);
    if (where == "before") return made;
    made.where = where == "written" ? commit_moment::written : commit_moment::durable;
    if (where == "written" || where == "durable") return made;
    return {};
}

std::optional<arguments> read_arguments(const std::vector<std::string>& words) {
    arguments made;
    made.plan.jobs = std::max(1U, std::thread::hardware_concurrency());
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto& word = words[i];
        if (word == "--verbose" || word == "--json" || word == "--until-failure") {
            (word == "--json" ? made.json : word == "--verbose" ? made.verbose : made.plan.until_failure) = true;
            continue;
        }
        if (i + 1 == words.size()) return {};
        const auto& value = words[++i];
        if (word == "--crash-at") {
            made.plan.only_crash = crash_from(value);
            if (!made.plan.only_crash) return {};
            continue;
        }
        const auto count = number(value);
        if (!count) return {};
        if (word == "--seed")
            made.plan.from = *count, made.plan.runs = 1;
        else if (word == "--runs" && *count > 0)
            made.plan.runs = *count;
        else if (word == "--from")
            made.plan.from = *count;
        else if (word == "--jobs" && *count > 0)
            made.plan.jobs = *count;
        else
            return {};
    }
    return made;
}

int one_seed(const arguments& asked) {
    const auto what = scenario::draw(asked.plan.from);
    stay_at_processor(static_cast<std::uint64_t>(::getpid()));
    run_options options;
    options.only_crash = asked.plan.only_crash;
    if (asked.verbose) {
        std::printf("%s\n", what.describe().c_str());
        options.watch = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
    }
    const auto report = run_scenario(what, empty_database(), options);
    std::printf("%s\n",
                asked.json ? json_of(asked.plan.from, report).c_str() : text_of(asked.plan.from, report).c_str());
    return report.violations.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace tessera::simulation

int main(int count, char** words) {
    using namespace tessera::simulation;
    tessera::set_log_level(tessera::log_level::error);
    const auto asked = read_arguments({words + 1, words + count});
    if (!asked) {
        std::fputs(usage, stderr);
        return 2;
    }
    if (asked->plan.runs == 1) return one_seed(*asked);
    return run_seeds(asked->plan, asked->json) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
