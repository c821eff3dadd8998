// How long a crash stops a campaign: kill -9 in the middle of P2, the same command again at once, and the time until
// the network sees the first packet of the new process. What came before the crash is looked at again, and nothing of
// it is sent twice but what may have left.
//
//   recovery_bench [--cards N] [--dir DIR] [--json]
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>

#include "bench/campaign_run.h"
#include "bench/child_process.h"
#include "bench/command_line.h"
#include "bench/figures.h"
#include "net/event_loop.h"
#include "sim/smsc_server.h"

namespace tessera::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

using options = bench_command;

void wait_a_moment() {
    net::event_loop loop;
    const auto timer = loop.after(std::chrono::milliseconds(2), [] {});
    loop.run();
}

// One number of the simulator's statistics.
result<std::uint64_t> counted(const simulator& world, std::string_view name) {
    TESSERA_TRY_VALUE(const auto line, sim::ask_control_channel(world.address(), R"({"statistics": true})"));
    const auto parsed = json::parse(line).as_object();
    const auto* found = parsed.if_contains(name);
    if (found == nullptr) return failure("no_answer", name, "is not among the simulator's statistics");
    return found->to_number<std::uint64_t>();
}

// Until so many more have come, or none come any more for a while.
result<std::uint64_t> wait_for(const simulator& world, std::string_view name, std::uint64_t least) {
    for (;;) {
        TESSERA_TRY_VALUE(const auto now, counted(world, name));
        if (now >= least) return now;
        wait_a_moment();
    }
}
result<std::uint64_t> wait_for_rest(const simulator& world, std::string_view name) {
    TESSERA_TRY_VALUE(auto before, counted(world, name));
    for (int same = 0; same < 50;) {
        wait_a_moment();
        TESSERA_TRY_VALUE(const auto now, counted(world, name));
        same = now == before ? same + 1 : 0;
        before = now;
    }
    return before;
}

result<void> measure(const options& wanted, const reporter& report) {
    TESSERA_TRY_VALUE(const auto scratch, scratch_directory::make(wanted.directory));
    const auto data = scratch.path() / "data";
    const auto fleet = scratch.path() / "fleet.csv";
    const campaign_plan plan{wanted.program(), data, fleet, wanted.cards};
    TESSERA_TRY(make_data(plan));
    TESSERA_TRY_VALUE(const auto world, simulator::start(wanted.program(), fleet, ""));
    TESSERA_TRY_VALUE(const auto id, create_campaign_at(plan, world.address()));
    const auto command = [&](const char* word) {
        return background_process::start({wanted.program(), "--data", data, "campaign", word, id});
    };
    TESSERA_TRY_VALUE(auto first, command("run"));
    TESSERA_TRY(wait_for(world, "submits", wanted.cards / 2));
    first.kill();
    TESSERA_TRY_VALUE(const auto before, wait_for_rest(world, "submits"));
    const auto began = system_clock().monotonic();
    TESSERA_TRY_VALUE(auto second, command("resume"));
    TESSERA_TRY(wait_for(world, "submits", before + 1));
    const auto took = seconds(system_clock().monotonic() - began);
    TESSERA_TRY(second.wait());
    TESSERA_TRY_VALUE(const auto submits, counted(world, "submits"));
    TESSERA_TRY_VALUE(const auto executed, counted(world, "executed"));
    report.add({"first_packet_again", took * 1'000, "ms", "", 0});
    report.add({"sent_before_the_kill", static_cast<double>(before), "packets", "", 0});
    report.add({"sent_twice", static_cast<double>(submits - wanted.cards), "packets", "cards",
                static_cast<double>(submits - wanted.cards) / static_cast<double>(wanted.cards)});
    report.add({"executed", static_cast<double>(executed), "packets", "cards",
                static_cast<double>(executed) / static_cast<double>(wanted.cards)});
    return {};
}

int run(int argc, char** argv) {
    options wanted;
    wanted.name = "recovery";
    wanted.cards = 1'000'000;
    wanted.cards_least = 2;
    return run_bench(argc, argv, wanted, [&](reporter& report) { return measure(wanted, report); });
}

}  // namespace
}  // namespace tessera::bench

int main(int argc, char** argv) { return tessera::bench::run(argc, argv); }
