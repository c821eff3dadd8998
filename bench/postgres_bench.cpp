// The main job by several processes on one PostgreSQL: workers that prepare and settle, gateways that send, beside the
// simulator, all on this machine. A tenth of the cards first, so that what grows is seen. The server is a private one
// with durable commits, started and thrown away here.
//
//   postgres_bench [--cards N] [--workers 1..16] [--gateways 1..16] [--dir DIR] [--json]
#include <unistd.h>

#include <cstdlib>

#include "bench/campaign_run.h"
#include "bench/child_process.h"
#include "bench/command_line.h"
#include "bench/figures.h"
#include "net/event_loop.h"
#include "tessera/campaign_runner.h"

namespace tessera::bench {
namespace {

namespace fs = std::filesystem;

struct options : bench_command {
    std::size_t workers = 2, gateways = 1;
};

// docs/operating/scale.md says why.
constexpr const char* server_settings =
    "-c fsync=on -c shared_buffers=1GB -c max_wal_size=8GB -c random_page_cost=1.1 "
    "-c max_pred_locks_per_transaction=256";

class server {
public:
    [[nodiscard]] static result<std::unique_ptr<server>> start() {
        // The path of a socket in it must be short.
        auto made = std::make_unique<server>("/tmp/tessera-bench-pg-" + std::to_string(::getpid()));
        TESSERA_TRY(made->tell("start"));
        return made;
    }
    explicit server(fs::path folder) : folder_(std::move(folder)) {}
    ~server() { static_cast<void>(tell("stop")); }
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    [[nodiscard]] std::string address() const { return "postgresql://tessera@/postgres?host=" + folder_.string(); }

private:
    result<void> tell(const char* verb) const {
        const auto script = fs::path(TESSERA_SOURCE_DIRECTORY) / "tests" / "postgres" / "cluster.sh";
        TESSERA_TRY(run_to_end({"/usr/bin/env", "bash", script, verb, folder_, server_settings}));
        return {};
    }
    fs::path folder_;
};

void wait_a_moment() {
    net::event_loop loop;
    const auto timer = loop.after(std::chrono::milliseconds(20), [] {});
    loop.run();
}

// Begins the campaign, and looks on until others have brought it to its end.
result<campaigns::campaign_summary> look_on(const campaign_plan& plan, const std::string& id) {
    TESSERA_TRY(run_to_end({plan.program, "--data", plan.data, "campaign", "run", id, "--detach"}));
    auto opened = app::open_beside({plan.data}, store::access::read);
    if (!opened) return std::unexpected(opened.error().front());
    for (;;) {
        TESSERA_TRY_VALUE(const auto subject, app::find_campaign(*opened, id));
        if (subject.state == campaigns::campaign_state::finished)
            return campaigns::summarize(*opened->writer, subject, system_clock().now());
        if (subject.state != campaigns::campaign_state::running)
            return failure("not_done", id, "runs no more: " + std::string(campaigns::to_string(subject.state)));
        wait_a_moment();
    }
}

result<campaign_figures> measure_fleet(const options& wanted, std::size_t cards) {
    TESSERA_TRY_VALUE(const auto database, server::start());
    TESSERA_TRY_VALUE(const auto scratch, scratch_directory::make(wanted.directory));
    const campaign_plan plan{wanted.program(),   scratch.path() / "data", scratch.path() / "fleet.csv", cards, 1,
                             database->address()};
    campaign_figures figures;
    TESSERA_TRY_VALUE(figures.import_seconds, make_data(plan));
    TESSERA_TRY_VALUE(const auto world, simulator::start(plan.program, plan.fleet, ""));
    TESSERA_TRY_VALUE(const auto id, create_campaign_at(plan, world.address()));
    std::vector<background_process> crew;
    const auto employ = [&](const char* role, std::size_t count) -> result<void> {
        for (std::size_t i = 0; i < count; ++i) {
            TESSERA_TRY_VALUE(auto one,
                              background_process::start({plan.program, "--data", plan.data, "serve", "--role", role}));
            crew.push_back(std::move(one));
        }
        return {};
    };
    TESSERA_TRY(employ("worker", wanted.workers));
    TESSERA_TRY(employ("gateway", wanted.gateways));
    TESSERA_TRY_VALUE(figures.summary, look_on(plan, id));
    if (figures.summary.outcomes.done != static_cast<std::int64_t>(cards))
        return failure("not_done", "campaign",
                       "only " + std::to_string(figures.summary.outcomes.done) + " cards ended done");
    return figures;
}

result<void> measure(const options& wanted, const reporter& report) {
    if (!fs::exists("/usr/lib/postgresql/15/bin/postgres"))
        return failure("not_installed", "postgresql-15", "./dev setup installs it");
    TESSERA_TRY_VALUE(const auto tenth, measure_fleet(wanted, wanted.cards / 10));
    TESSERA_TRY_VALUE(const auto all, measure_fleet(wanted, wanted.cards));
    const auto cards = static_cast<double>(wanted.cards);
    report.add({"import", cards / all.import_seconds, "cards/s", "", 0});
    report.add({"prepare", all.summary.prepare.cards_per_second(), "cards/s", "", 0});
    report.add({"exchange", all.summary.exchange.cards_per_second(), "cards/s", "", 0});
    report.add({"settle", all.summary.settle.cards_per_second(), "cards/s", "", 0});
    report.add({"whole", cards / all.summary.seconds, "cards/s", "", 0});
    const double before = tenth.summary.seconds * 1e6 / (cards / 10);
    const double now = all.summary.seconds * 1e6 / cards;
    report.add({"per_card_tenth", before, "us", "", 0});
    report.add({"per_card", now, "us", "a tenth of the cards", now / before});
    return {};
}

int run(int argc, char** argv) {
    options wanted;
    wanted.name = "postgres";
    wanted.cards = 1'000'000;
    wanted.cards_least = 1'000;
    wanted.more = {{"--workers", &wanted.workers, 1, 16}, {"--gateways", &wanted.gateways, 1, 16}};
    return run_bench(argc, argv, wanted, [&](reporter& report) { return measure(wanted, report); });
}

}  // namespace
}  // namespace tessera::bench

int main(int argc, char** argv) { return tessera::bench::run(argc, argv); }
