// The main job measured: import, prepare, exchange, settle, by the same program and the same simulator that users run,
// as processes of their own; beside it, in the same run, what bounds it: the bare SMPP link, and the disk's commits.
//
//   campaign_bench [--cards N] [--parts 1|2|3] [--one-by-one N] [--dir DIR] [--json]

#include <cstdio>
#include <filesystem>

#include "bench/campaign_run.h"
#include "bench/child_process.h"
#include "bench/command_line.h"
#include "bench/figures.h"
#include "bench/link_ceiling.h"
#include "bench/one_by_one.h"
#include "store/sqlite/sqlite_database.h"

namespace tessera::bench {
namespace {

namespace fs = std::filesystem;

struct options : bench_command {
    std::size_t one_by_one = 500;
    std::size_t parts = 1;
};

// Transactions of one row per second: what a commit costs on this disk, now.
result<double> commits_per_second(const fs::path& directory) {
    TESSERA_TRY_VALUE(const auto storage, store::open_sqlite(directory / "commits.db"));
    TESSERA_TRY_VALUE(const auto writer, storage->connect(store::access::write));
    TESSERA_TRY(writer->execute("CREATE TABLE one (id INTEGER PRIMARY KEY, octets BLOB)"));
    TESSERA_TRY_VALUE(auto* insert, writer->kept("INSERT INTO one (octets) VALUES ($1)"));
    const bytes row(100);
    const auto began = system_clock().monotonic();
    int commits = 0;
    while (seconds(system_clock().monotonic() - began) < 1.0) {
        TESSERA_TRY(store::in_transaction(*writer, [&] { return insert->with(row).execute(); }));
        ++commits;
    }
    return commits / seconds(system_clock().monotonic() - began);
}

// Packets built per second and core, by the bench of its own.
result<void> measure_packets(const options& wanted) {
    std::vector<std::string> words{wanted.program().parent_path() / "bench" / "packets_bench"};
    if (wanted.json) words.emplace_back("--json");
    TESSERA_TRY_VALUE(const auto ran, run_to_end(words));
    std::fputs(ran.output.c_str(), stdout);
    return {};
}

result<void> measure(const options& wanted, reporter& report) {
    TESSERA_TRY_VALUE(const auto scratch, scratch_directory::make(wanted.directory));
    const auto data = scratch.path() / "data";
    const auto fleet = scratch.path() / "fleet.csv";
    const auto count = static_cast<double>(wanted.cards);
    TESSERA_TRY_VALUE(const double commits, commits_per_second(scratch.path()));
    report.add({"commits", commits, "commits/s", "", 0});
    TESSERA_TRY_VALUE(const auto ran, run_campaign_as_users_do({wanted.program(), data, fleet, wanted.cards,
                                                                static_cast<int>(wanted.parts)}));
    const auto& summary = ran.summary;
    TESSERA_TRY_VALUE(const double ceiling, link_ceiling(wanted.program(), data, fleet));
    const double whole = count / summary.seconds;
    report.add({"import", count / ran.import_seconds, "cards/s", "commits", count / ran.import_seconds / commits});
    report.add({"prepare", summary.prepare.cards_per_second(), "cards/s", "commits",
                summary.prepare.cards_per_second() / commits});
    report.add({"exchange", summary.exchange.cards_per_second(), "cards/s", "ceiling",
                summary.exchange.cards_per_second() / ceiling});
    report.add({"settle", summary.settle.cards_per_second(), "cards/s", "commits",
                summary.settle.cards_per_second() / commits});
    report.add({"ceiling", ceiling, "cards/s", "", 0});
    report.add({"whole", whole, "cards/s", "ceiling", whole / ceiling});
    report.add({"whole_durable", whole, "cards/s", "commits", whole / commits});
    report.add({"short_messages", whole * static_cast<double>(wanted.parts), "messages/s", "", 0});
    report.add({"peak_memory", static_cast<double>(ran.peak_kibibytes) / 1024, "MiB", "", 0});
    report.add({"database_size", static_cast<double>(ran.database_octets) / (1024 * 1024), "MiB", "", 0});
    if (wanted.one_by_one > 0)
        TESSERA_TRY(measure_one_by_one(
            {wanted.program(), scratch.path(), wanted.one_by_one, count, summary.exchange.seconds}, report));
    return measure_packets(wanted);
}

int run(int argc, char** argv) {
    options wanted;
    wanted.name = "campaign";
    wanted.cards = 1'000'000;
    wanted.more = {{"--one-by-one", &wanted.one_by_one, 0, 1'000'000}, {"--parts", &wanted.parts, 1, 3}};
    return run_bench(argc, argv, wanted, [&](reporter& report) { return measure(wanted, report); });
}

}  // namespace
}  // namespace tessera::bench

int main(int argc, char** argv) { return tessera::bench::run(argc, argv); }
