// Access to single cards beside campaigns (C-12, C-13): what a campaign writes for it, what asking costs, and how long
// a single operation takes while P1 runs.
//
//   access_bench [--cards N] [--dir DIR] [--json]
//
// Single operations go by turns over SMPP to the simulated SMSC (operation_*: from perform() to the answer, network,
// SMSC and card in it) and to a card at hand (server_*: without the time that the card had the packet), because the
// server's own time is what a campaign can make longer.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "bench/card_at_hand.h"
#include "bench/child_process.h"
#include "bench/command_line.h"
#include "bench/figures.h"
#include "campaigns/conductor.h"
#include "campaigns/control.h"
#include "campaigns/create.h"
#include "campaigns/membership.h"
#include "cards/import.h"
#include "operations/desk.h"
#include "sim/fleet.h"
#include "telecom/radio.h"
#include "tessera/data_directory.h"

namespace tessera::bench {
namespace {

namespace fs = std::filesystem;
using campaigns::phase;

constexpr std::size_t small_fleet = 1'000;
constexpr int access_checks = 20'000;
constexpr std::size_t quiet_operations = 1'000;
constexpr std::string_view campaign_text = R"toml([campaign]
name = "bench"
[targets]
all = true
[security]
tar = "b00010"
spi = "1639"
[[write]]
file = "7f20/6f46"
content = "0154657373657261ffffffffffffffffff"
)toml";

using options = bench_command;

// Stops the campaign when it has begun, or when P1 has prepared every card.
class watcher final : public campaigns::progress_sink {
public:
    explicit watcher(bool at_once) : at_once_(at_once) {}
    void phase_began(int, phase which, std::int64_t cards) override {
        cards_ = cards;
        began = which == phase::prepare;
        if (at_once_) stop = true;
    }
    void cards_moved(std::int64_t count) override {
        moved_ += count;
        if (moved_ < cards_) return;
        prepared = true;
        stop = true;
    }
    void phase_ended(int, phase) override {}

    std::atomic<bool> began = false;
    std::atomic<bool> prepared = false;
    std::atomic<bool> stop = false;

private:
    bool at_once_;
    std::int64_t cards_ = 0;
    std::atomic<std::int64_t> moved_ = 0;
};

// A registry of so many cards, and what campaigns and single operations need of it.
class world {
public:
    static result<std::unique_ptr<world>> make(const fs::path& directory, std::size_t cards,
                                               const std::string& address) {
        TESSERA_TRY(app::initialize({directory}));
        std::ofstream(directory / "tessera.toml") << "[[smsc]]\naddress = \"" << address << "\"\n";
        auto opened = app::open_data_directory({directory});
        if (!opened) return std::unexpected(opened.error().front());
        auto made = std::unique_ptr<world>(new world(std::move(*opened)));
        const auto fleet = directory / "fleet.csv";
        sim::fleet_plan plan;
        plan.cards = cards;
        TESSERA_TRY(sim::write_fleet(fleet, plan));
        TESSERA_TRY(cards::import_cards(fleet.string(), {}, *made->data.writer, made->data.vault, system_clock().now(),
                                        [](std::size_t) {}));
        return made;
    }

    result<campaigns::campaign> create() {
        campaigns::file_context context;
        context.file = "bench";
        auto made =
            campaigns::create_campaign(*data.writer, campaign_text, context, system_clock().now(), system_random());
        if (!made) return std::unexpected(made.error().front());
        return std::move(*made);
    }
    result<void> conduct(campaigns::campaign_key key, watcher& watching) {
        auto run = env;
        run.progress = &watching;
        run.stop = &watching.stop;
        TESSERA_TRY(campaigns::conduct(run, key, campaigns::definition_of));
        return {};
    }
    result<void> cancel(campaigns::campaign_key key) {
        TESSERA_TRY(writer.transact([&](store::connection& connection) {
            return campaigns::change_state(connection, key, campaigns::campaign_event::cancel, system_clock().now());
        }));
        return {};
    }
    result<std::int64_t> number(const char* sql) {
        return writer.transact([&](store::connection& connection) -> result<std::int64_t> {
            TESSERA_TRY_VALUE(const auto query, connection.prepare(sql));
            TESSERA_TRY(query->step());
            return query->integer(0);
        });
    }

    app::data_directory data;
    store::shared_writer writer;
    campaigns::environment env;

private:
    explicit world(app::data_directory opened) : data(std::move(opened)) {
        writer.connection = data.writer.get();
        env.storage = data.storage.get();
        env.writer = &writer;
        env.vault = &data.vault;
        env.clock = &system_clock();
        env.instance = data.instance;
        env.workers = data.settings.workers;
    }
};

// Counts every row of registry and image that is written from now on.
result<void> count_rows(world& here) {
    std::string sql = "CREATE TABLE rows_written (what TEXT);";
    for (const std::string table : {"card", "profile", "card_tag", "key_set", "image_file", "image_doubt"})
        for (const std::string event : {"INSERT", "UPDATE", "DELETE"})
            sql.append("CREATE TRIGGER ")
                .append(table)
                .append("_")
                .append(event)
                .append("_counted AFTER ")
                .append(event)
                .append(" ON ")
                .append(table)
                .append(" BEGIN INSERT INTO rows_written VALUES ('")
                .append(table)
                .append("'); END;");
    return here.data.writer->execute(sql);
}

// Rows of registry and image that creating, starting and ending a campaign over all cards writes.
result<std::int64_t> rows_for_access(world& here) {
    TESSERA_TRY_VALUE(const auto made, here.create());
    watcher at_once(true);
    TESSERA_TRY(here.conduct(made.key, at_once));
    TESSERA_TRY(here.cancel(made.key));
    return here.number("SELECT COUNT(*) FROM rows_written");
}

// Microseconds of one access check, the median over all of them, while every chunk of a campaign is released.
result<double> access_check(world& here, std::size_t cards) {
    TESSERA_TRY_VALUE(const auto made, here.create());
    watcher at_once(true);
    TESSERA_TRY(here.conduct(made.key, at_once));
    TESSERA_TRY(
        here.data.writer->execute("UPDATE chunk SET state = 2 WHERE campaign_key = " + std::to_string(made.key.value)));
    campaigns::membership members(here.env, campaigns::definition_of);
    seeded_random random(1);
    std::vector<double> took;
    took.reserve(access_checks);
    TESSERA_TRY(here.writer.transact([&](store::connection& connection) -> result<void> {
        for (int i = 0; i < access_checks; ++i) {
            const cards::card_id card{1 + static_cast<std::int64_t>(random.below(cards))};
            const auto began = system_clock().monotonic();
            TESSERA_TRY_VALUE(const auto found, members.inhibits(connection, card));
            took.push_back(seconds(system_clock().monotonic() - began) * 1e6);
            if (!found) return failure("not_inhibited", "card", "a card of a released chunk must be");
        }
        return {};
    }));
    TESSERA_TRY(here.cancel(made.key));
    std::ranges::nth_element(took, took.begin() + access_checks / 2);
    return took[access_checks / 2];
}

class desk_thread {
public:
    desk_thread(world& here, telecom::radio& radio) : members_(here.env, campaigns::definition_of) {
        operations::desk_environment needs;
        needs.writer = &here.writer;
        needs.vault = &here.data.vault;
        needs.clock = &system_clock();
        needs.random = &system_random();
        needs.fleets = &members_;
        needs.radio = &radio;
        needs.home = &loop_;
        loop_.post([this] { keep_awake(); });
        desk_.emplace(needs);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~desk_thread() {
        loop_.post([this] {
            desk_.reset();
            tick_.reset();
            loop_.stop();
        });
        thread_.join();
    }
    desk_thread(const desk_thread&) = delete;
    desk_thread& operator=(const desk_thread&) = delete;

    // By radio, or by a way of its own.
    operations::single_answer select(std::size_t card, std::shared_ptr<operations::bearer> way) {
        operations::single_request request;
        request.card = sim::fleet_iccid(card);
        request.kind = operations::operation_kind::run;
        request.commands = {{0x00, 0xa4, 0x00, 0x04, 0x02, 0x3f, 0x00}};
        request.security.spi = {0x16, 0x39};
        request.security.tar = {0xb0, 0x00, 0x10};
        std::promise<operations::single_answer> answered;
        loop_.post([&] {
            auto done = [&](operations::single_answer made) { answered.set_value(std::move(made)); };
            if (way)
                desk_->perform_by(way, request, done);
            else
                desk_->perform(request, done);
        });
        return answered.get_future().get();
    }

private:
    void keep_awake() {
        tick_ = loop_.after(std::chrono::seconds(1), [this] { keep_awake(); });
    }
    campaigns::membership members_;
    net::event_loop loop_;
    std::optional<operations::desk> desk_;
    std::unique_ptr<net::event_loop::timer> tick_;
    std::thread thread_;
};

class times {
public:
    void add(duration one) { milliseconds_.push_back(seconds(one) * 1e3); }
    [[nodiscard]] std::size_t count() const { return milliseconds_.size(); }
    [[nodiscard]] double at(double share) {
        std::ranges::sort(milliseconds_);
        const auto last = static_cast<double>(milliseconds_.size() - 1);
        return milliseconds_[static_cast<std::size_t>(share * last)];
    }

private:
    std::vector<double> milliseconds_;
};

struct operation_times {
    times whole;   // by radio
    times server;  // by hand, without the card's time
};

result<operation_times> time_operations(desk_thread& desk, cards_at_hand& at_hand, std::size_t cards,
                                        const std::function<bool()>& go_on) {
    operation_times made;
    seeded_random random(2);
    for (bool by_radio = true; go_on(); by_radio = !by_radio) {
        const auto card = random.below(cards);
        const auto way = by_radio ? nullptr : at_hand.to(card);
        const auto began = system_clock().monotonic();
        const auto answer = desk.select(card, way);
        const auto took = system_clock().monotonic() - began;
        if (answer.refused) return std::unexpected(*answer.refused);
        if (answer.what != operations::outcome::done)
            return failure("not_done", answer.iccid, operations::describe(answer.why));
        if (by_radio)
            made.whole.add(took);
        else
            made.server.add(took - way->time_of_the_card());
    }
    return made;
}

void report_times(const reporter& report, const std::string& name, times& meanwhile, times& quiet) {
    for (const auto& [suffix, share] : {std::pair{"_p50", 0.5}, std::pair{"_p99", 0.99}, std::pair{"_most", 1.0}})
        report.add({name + suffix, meanwhile.at(share), "ms", "quiet", meanwhile.at(share) / quiet.at(share)});
}

// Operations one after another while P1 of a campaign over all cards runs, and beside them the same without it.
result<void> measure_operations(world& here, const fs::path& fleet, const options& wanted, const reporter& report) {
    telecom::radio radio(here.data.settings.smscs, system_clock(), true);
    TESSERA_TRY_VALUE(const auto at_hand, cards_at_hand::load(fleet));
    desk_thread desk(here, radio);
    std::size_t left = quiet_operations;
    TESSERA_TRY_VALUE(auto quiet, time_operations(desk, *at_hand, wanted.cards, [&] { return left-- > 0; }));
    TESSERA_TRY_VALUE(const auto made, here.create());
    watcher watching(false);
    auto conducted = std::async(std::launch::async, [&] { return here.conduct(made.key, watching); });
    while (!watching.began) std::this_thread::yield();
    const auto began = system_clock().monotonic();
    auto meanwhile = time_operations(desk, *at_hand, wanted.cards, [&] { return !watching.prepared; });
    const double took = seconds(system_clock().monotonic() - began);
    watching.stop = true;
    TESSERA_TRY(conducted.get());
    if (!meanwhile) return std::unexpected(std::move(meanwhile).error());
    if (meanwhile->server.count() == 0) return failure("too_few", "--cards", "P1 was over before any operation");
    report.add({"prepare_meanwhile", static_cast<double>(wanted.cards) / took, "cards/s", "", 0});
    report.add({"operations_meanwhile", static_cast<double>(meanwhile->whole.count() + meanwhile->server.count()),
                "operations", "", 0});
    report_times(report, "server", meanwhile->server, quiet.server);
    report_times(report, "operation", meanwhile->whole, quiet.whole);
    return here.cancel(made.key);
}

result<void> measure(const options& wanted, const reporter& report) {
    TESSERA_TRY_VALUE(const auto scratch, scratch_directory::make(wanted.directory));
    const auto fleet = scratch.path() / "fleet.csv";
    sim::fleet_plan plan;
    plan.cards = wanted.cards;
    TESSERA_TRY(sim::write_fleet(fleet, plan));
    TESSERA_TRY_VALUE(const auto centre, simulator::start(wanted.program(), fleet, ""));
    double small_check = 0;
    for (const auto cards : {small_fleet, wanted.cards}) {
        const bool small = cards == small_fleet && small_check == 0;
        TESSERA_TRY_VALUE(const auto here,
                          world::make(scratch.path() / (small ? "small" : "large"), cards, centre.address()));
        TESSERA_TRY(count_rows(*here));
        TESSERA_TRY_VALUE(const auto rows, rows_for_access(*here));
        report.add({small ? "rows_for_access_small" : "rows_for_access", static_cast<double>(rows), "rows", "", 0});
        TESSERA_TRY_VALUE(const double check, access_check(*here, cards));
        if (small) {
            small_check = check;
            report.add({"access_check_small", check, "us", "", 0});
            continue;
        }
        report.add({"access_check", check, "us", "1000 cards", check / small_check});
        TESSERA_TRY(measure_operations(*here, fleet, wanted, report));
    }
    return {};
}

int run(int argc, char** argv) {
    options wanted;
    wanted.name = "access";
    wanted.cards = 1'000'000;
    wanted.cards_least = small_fleet;
    return run_bench(argc, argv, wanted, [&](reporter& report) { return measure(wanted, report); });
}

}  // namespace
}  // namespace tessera::bench

int main(int argc, char** argv) { return tessera::bench::run(argc, argv); }
