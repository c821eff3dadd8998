// Beside Kannel (bearerbox and smsbox, Debian's 1.4.5), in one run: the same number of short messages to the same
// simulator. Through Kannel they are octets with receipts; through tessera they are a campaign with cards, keys, proofs
// of receipt and a database. Where Kannel is not installed, it says so.
//
//   kannel_bench [--cards N] [--dir DIR] [--json]
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <fstream>

#include "bench/campaign_run.h"
#include "bench/child_process.h"
#include "bench/command_line.h"
#include "bench/figures.h"

namespace tessera::bench {
namespace {

namespace fs = std::filesystem;

using options = bench_command;

// The third column of the fleet.
void write_numbers(const fs::path& fleet, const fs::path& into) {
    std::ifstream rows(fleet);
    std::ofstream numbers(into);
    std::string row;
    std::getline(rows, row);
    while (std::getline(rows, row)) {
        const auto second = row.find(',', row.find(',') + 1);
        numbers << row.substr(second + 1, row.find(',', second + 1) - second - 1) << '\n';
    }
}

result<double> through_kannel(const options& wanted, const campaign_plan& plan, const fs::path& numbers) {
    write_numbers(plan.fleet, numbers);
    TESSERA_TRY_VALUE(const auto world, simulator::start(plan.program, plan.fleet, ""));
    const auto script = fs::path(TESSERA_SOURCE_DIRECTORY) / "bench" / "peers" / "kannel.py";
    TESSERA_TRY_VALUE(const auto ran,
                      run_to_end({"/usr/bin/env", "python3", script, "--smsc", world.address(), "--numbers", numbers}));
    const auto said = boost::json::parse(ran.output).as_object();
    return static_cast<double>(wanted.cards) / said.at("seconds").to_number<double>();
}

result<void> measure(const options& wanted, const reporter& report) {
    TESSERA_TRY_VALUE(const auto scratch, scratch_directory::make(wanted.directory));
    const campaign_plan plan{wanted.program(), scratch.path() / "data", scratch.path() / "fleet.csv", wanted.cards};
    TESSERA_TRY_VALUE(const auto ran, run_campaign_as_users_do(plan));
    const double ours = static_cast<double>(wanted.cards) / ran.summary.seconds;
    if (access("/usr/sbin/bearerbox", X_OK) != 0) {
        report.add({"tessera", ours, "messages/s", "", 0});
        std::fprintf(stderr,
                     "kannel_bench: Kannel is not installed (apt install kannel), so there is nothing beside\n");
        return {};
    }
    TESSERA_TRY_VALUE(const double theirs, through_kannel(wanted, plan, scratch.path() / "numbers"));
    report.add({"kannel", theirs, "messages/s", "", 0});
    report.add({"tessera", ours, "messages/s", "kannel", ours / theirs});
    return {};
}

int run(int argc, char** argv) {
    options wanted;
    wanted.name = "kannel";
    wanted.cards = 100'000;
    return run_bench(argc, argv, wanted, [&](reporter& report) { return measure(wanted, report); });
}

}  // namespace
}  // namespace tessera::bench

int main(int argc, char** argv) { return tessera::bench::run(argc, argv); }
