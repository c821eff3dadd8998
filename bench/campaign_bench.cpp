// The main job measured: import, prepare, exchange, settle, by the same program and the same simulator that users run,
// as processes of their own; beside it, in the same run, what bounds it: the bare SMPP link, and the disk's commits.
//
//   campaign_bench [--cards N] [--parts 1|2|3] [--one-by-one N] [--dir DIR] [--json]
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "bench/child_process.h"
#include "bench/figures.h"
#include "bench/link_ceiling.h"
#include "bench/one_by_one.h"
#include "campaigns/create.h"
#include "campaigns/report.h"
#include "cards/import.h"
#include "sim/fleet.h"
#include "store/sqlite/sqlite_database.h"
#include "tessera/campaign_runner.h"

namespace tessera::bench {
namespace {

namespace fs = std::filesystem;

struct options {
    std::size_t cards = 1'000'000;
    std::size_t one_by_one = 500;
    int parts = 1;
    fs::path directory = fs::temp_directory_path();
    fs::path program;
    bool json = false;
};

// One packet to each card, of so many short messages.
std::string campaign_text(int parts) {
    std::string text = R"toml([campaign]
name = "bench"
[targets]
all = true
[security]
tar = "b00010"
spi = "1639"
)toml";
    const auto write = [&](const char* file, const std::string& content) {
        text += "[[write]]\nfile = \"" + std::string(file) + "\"\ncontent = \"" + content + "\"\n";
    };
    write("7f20/6f46", "0154657373657261ffffffffffffffffff");
    constexpr std::size_t more_octets = 120;  // to fill another part
    const char* const files[] = {"7f20/6f60", "7f20/6f61"};
    for (int part = 1; part < parts; ++part) {
        std::string content;
        for (std::size_t i = 0; i < more_octets; ++i) content += "5a";
        write(files[part - 1], content);
    }
    return text;
}

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

struct campaign_figures {
    campaigns::campaign_summary summary;
    double import_seconds = 0;
    long peak_kibibytes = 0;
    std::uintmax_t database_octets = 0;
};

result<void> prepare_directory(const options& wanted, const fs::path& data, const fs::path& fleet,
                               campaign_figures& figures) {
    sim::fleet_plan plan;
    plan.cards = wanted.cards;
    TESSERA_TRY(sim::write_fleet(fleet, plan));
    TESSERA_TRY(app::initialize(data));
    auto opened = app::open_data_directory(data);
    if (!opened) return std::unexpected(opened.error().front());
    const auto began = system_clock().monotonic();
    TESSERA_TRY(cards::import_cards(fleet.string(), {}, *opened->writer, opened->vault, system_clock().now(),
                                    [](std::size_t) {}));
    figures.import_seconds = seconds(system_clock().monotonic() - began);
    return {};
}

result<campaign_figures> measure_campaign(const options& wanted, const fs::path& data, const fs::path& fleet) {
    campaign_figures figures;
    TESSERA_TRY(prepare_directory(wanted, data, fleet, figures));
    TESSERA_TRY_VALUE(const auto world, simulator::start(wanted.program, fleet, ""));
    std::ofstream(data / "tessera.toml") << "[[smsc]]\naddress = \"" << world.address() << "\"\n";
    std::ofstream(data / "campaign.toml") << campaign_text(wanted.parts);
    TESSERA_TRY_VALUE(const auto created,
                      run_to_end({wanted.program, "--data", data, "campaign", "create", data / "campaign.toml"}));
    const auto id = created.output.substr(0, created.output.find('\n'));
    TESSERA_TRY_VALUE(const auto ran, run_to_end({wanted.program, "--data", data, "campaign", "run", id, "--json"}));
    figures.peak_kibibytes = ran.peak_kibibytes;
    auto opened = app::open_data_directory(data);
    if (!opened) return std::unexpected(opened.error().front());
    TESSERA_TRY_VALUE(const auto subject, app::find_campaign(*opened, id));
    TESSERA_TRY_VALUE(figures.summary, campaigns::summarize(*opened->writer, subject, system_clock().now()));
    figures.database_octets = fs::file_size(data / "tessera.db");
    return figures;
}

// Packets built per second and core, by the bench of its own.
result<void> measure_packets(const options& wanted) {
    std::vector<std::string> words{wanted.program.parent_path() / "bench" / "packets_bench"};
    if (wanted.json) words.emplace_back("--json");
    TESSERA_TRY_VALUE(const auto ran, run_to_end(words));
    std::fputs(ran.output.c_str(), stdout);
    return {};
}

result<void> measure(const options& wanted, reporter& report) {
    const scratch_directory scratch(wanted.directory);
    const auto data = scratch.path() / "data";
    const auto fleet = scratch.path() / "fleet.csv";
    const auto count = static_cast<double>(wanted.cards);
    TESSERA_TRY_VALUE(const double commits, commits_per_second(scratch.path()));
    report.add({"commits", commits, "commits/s", "", 0});
    TESSERA_TRY_VALUE(const auto ran, measure_campaign(wanted, data, fleet));
    const auto& summary = ran.summary;
    if (summary.outcomes.done != static_cast<std::int64_t>(wanted.cards))
        return failure("not_done", "campaign", "only " + std::to_string(summary.outcomes.done) + " cards ended done");
    TESSERA_TRY_VALUE(const double ceiling, link_ceiling(wanted.program, data, fleet));
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
    report.add({"short_messages", whole * wanted.parts, "messages/s", "", 0});
    report.add({"peak_memory", static_cast<double>(ran.peak_kibibytes) / 1024, "MiB", "", 0});
    report.add({"database_size", static_cast<double>(ran.database_octets) / (1024 * 1024), "MiB", "", 0});
    if (wanted.one_by_one > 0)
        TESSERA_TRY(measure_one_by_one(
            {wanted.program, scratch.path(), wanted.one_by_one, count, summary.exchange.seconds}, report));
    return measure_packets(wanted);
}

bool parse(int argc, char** argv, options& into) {
    into.program = fs::canonical("/proc/self/exe").parent_path().parent_path() / "tessera";
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--json")
            into.json = true;
        else if (word == "--cards" && i + 1 < argc)
            into.cards = std::strtoull(argv[++i], nullptr, 10);
        else if (word == "--one-by-one" && i + 1 < argc)
            into.one_by_one = std::strtoull(argv[++i], nullptr, 10);
        else if (word == "--parts" && i + 1 < argc)
            into.parts = std::atoi(argv[++i]);
        else if (word == "--dir" && i + 1 < argc)
            into.directory = argv[++i];
        else
            return false;
    }
    return into.cards > 0 && into.parts >= 1 && into.parts <= 3;
}

}  // namespace
}  // namespace tessera::bench

int main(int argc, char** argv) {
    tessera::bench::options wanted;
    if (!tessera::bench::parse(argc, argv, wanted)) {
        std::fprintf(stderr, "usage: campaign_bench [--cards N] [--parts 1|2|3] [--one-by-one N] [--dir DIR] [--json]\n");
        return 2;
    }
    tessera::bench::reporter report("campaign", wanted.json);
    if (const auto done = tessera::bench::measure(wanted, report); !done) {
        std::fprintf(stderr, "campaign_bench: %s\n", to_string(done.error()).c_str());
        return 1;
    }
    return 0;
}
