// The main job, all of it, in one command: a fleet, a simulated SMSC as a process of its own, a campaign, its report,
// and three cards read back.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>

#include "campaigns/create.h"
#include "cards/import.h"
#include "sim/fleet.h"
#include "sim/smsc_server.h"
#include "tessera/campaign_runner.h"
#include "tessera/commands.h"
#include "tessera/demo_world.h"
#include "tessera/progress.h"

namespace tessera::app {
namespace {

constexpr std::string_view campaign_name = "Demo: service provider name and preferred networks";
constexpr std::string_view demo_mark = "demo_cards";
constexpr std::string_view written_name = "0154657373657261ffffffffffffffffff";

// EF_SPN (TS 31.102 clause 4.2.12): display condition, then the name. EF_OPLMNwAcT (clause 4.2.53): PLMN and access
// technologies, five octets each; 262-01, 208-01, 222-01, 214-07, 234-15, 228-01, 232-01 with E-UTRAN and UTRAN.
constexpr std::string_view campaign_text = R"toml([campaign]
name = "Demo: service provider name and preferred networks"
[targets]
all = true
[security]
tar = "b00010"
spi = "1639"    # ciphered, CC, counter higher; PoR always, ciphered, CC, by SMS-SUBMIT
[[write]]
file = "7f20/6f46"
content = "0154657373657261ffffffffffffffffff"
[[write]]
file = "7f20/6f61"
content = "62f210c00002f810c00022f210c00012f470c00032f451c00022f810c00032f210c000"
[telecom]
smsc = "main"
por_timeout = "2s"
attempts = 2
)toml";

constexpr std::string_view faults_text =
    R"toml(# A network that loses things and cards that do not behave: 3 in 10,000 of each.
lose_submit = 0.0003
lose_response = 0.0003
duplicate = 0.0003
card_off = 0.0003
card_wrong_key = 0.0003
)toml";

struct demo_options {
    std::size_t cards = 100'000;
    bool faults = true;
};

void say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

// How many cards this data directory's demo has; nothing if it is not the demo's.
result<std::optional<std::size_t>> demo_cards(data_directory& data) {
    TESSERA_TRY_VALUE(auto* query, data.writer->kept("SELECT value FROM meta WHERE name = $1"));
    TESSERA_TRY_VALUE(const bool there, query->with(demo_mark).step());
    if (!there) return std::nullopt;
    const std::size_t cards = std::stoull(std::string(query->text(0)));
    query->reset();
    return cards;
}

// The data directory becomes the demo's, unless it is somebody's real one.
result<std::size_t> claim(data_directory& data, const demo_options& options) {
    TESSERA_TRY_VALUE(const auto claimed, demo_cards(data));
    if (claimed) return *claimed;
    TESSERA_TRY_VALUE(const auto last, cards::card_store(*data.writer).last_card_id());
    if (last > 0)
        return failure("not_a_demo", data.path.string(),
                       "holds cards of your own; give the demo another directory with --data");
    TESSERA_TRY_VALUE(auto* mark, data.writer->kept("INSERT INTO meta (name, value) VALUES ($1, $2)"));
    TESSERA_TRY(mark->with(demo_mark, std::to_string(options.cards)).execute());
    return options.cards;
}

result<void> make_fleet(data_directory& data, std::size_t count) {
    sim::fleet_plan plan;
    plan.cards = count;
    plan.profiles = {{"demo-des", crypto::cipher_algorithm::des, 1},
                     {"demo-3des", crypto::cipher_algorithm::triple_des_2key, 2},
                     {"demo-aes", crypto::cipher_algorithm::aes128, 7}};
    const auto file = data.path / "demo-cards.csv";
    say("making a fleet of " + std::to_string(count) + " cards: " + file.string());
    TESSERA_TRY(sim::write_fleet(file, plan));
    const auto began = system_clock().monotonic();
    TESSERA_TRY_VALUE(const auto report, cards::import_cards(file.string(), {}, *data.writer, data.vault,
                                                             system_clock().now(), [](std::size_t) {}));
    std::fprintf(stderr, "imported %zu cards in %.1f s\n", report.cards_added + report.unchanged,
                 seconds(system_clock().monotonic() - began));
    return {};
}

result<campaigns::campaign> demo_campaign(data_directory& data) {
    TESSERA_TRY_VALUE(auto found, campaigns::campaign_store(*data.writer).find_by_name(campaign_name));
    if (found) return std::move(*found);
    campaigns::file_context context;
    context.file = "demo";
    auto made = campaigns::create_campaign(*data.writer, campaign_text, context, system_clock().now(), system_random());
    if (!made) return std::unexpected(made.error().front());
    return std::move(*made);
}

result<bool> ended_done(data_directory& data, const campaigns::campaign& subject, std::size_t n) {
    TESSERA_TRY_VALUE(const auto card, cards::card_store(*data.writer).find_by_iccid(sim::fleet_iccid(n)));
    if (!card) return false;
    TESSERA_TRY_VALUE(const auto found, campaigns::campaign_store(*data.writer).latest_outcome(subject.key, card->id));
    return found && found->what == operations::outcome::done;
}

// What the card itself holds, asked for at the simulator, not at the database. Errors: not_proved.
result<void> read_back(const std::string& smsc, std::size_t n, bool done) {
    const auto iccid = sim::fleet_iccid(n);
    const boost::json::object question{{"card", iccid}, {"file", "7f20/6f46"}};
    TESSERA_TRY_VALUE(const auto answer, sim::ask_control_channel(smsc, boost::json::serialize(question)));
    std::printf("card says %s\n", answer.c_str());
    if (!done || answer.find(written_name) != std::string::npos) return {};
    return failure("not_proved", iccid, "ended done, but the card does not hold what was written");
}

// Cards and campaigns that the demo did not make.
result<bool> holds_anything_else(data_directory& data) {
    TESSERA_TRY_VALUE(auto* query,
                      data.writer->kept("SELECT (SELECT COUNT(*) FROM card c JOIN profile p ON p.profile_id = "
                                        "c.profile_id WHERE p.name NOT IN ('demo-des', 'demo-3des', 'demo-aes')) + "
                                        "(SELECT COUNT(*) FROM campaign WHERE name <> $1)"));
    TESSERA_TRY(query->with(campaign_name).step());
    const bool found = query->integer(0) > 0;
    query->reset();
    return found;
}

// The simulated cards of a demo that was cut short are gone with their process: what its database believes of them is
// no longer true of any card.
result<void> start_over_if_cut_short(const std::filesystem::path& path) {
    if (!std::filesystem::exists(path / "tessera.db")) return {};
    {
        auto opened = open_data_directory({path});
        if (!opened) return std::unexpected(opened.error().front());
        TESSERA_TRY_VALUE(const auto claimed, demo_cards(*opened));
        TESSERA_TRY_VALUE(const auto begun, campaigns::campaign_store(*opened->writer).find_by_name(campaign_name));
        if (!claimed || !begun || begun->state == campaigns::campaign_state::finished) return {};
        TESSERA_TRY_VALUE(const bool others, holds_anything_else(*opened));
        if (others)
            return failure("not_a_demo", path.string(),
                           "holds a demo that was cut short, and cards or campaigns of your own beside it; give the "
                           "demo another directory with --data");
    }
    say("a demo in " + path.string() + " was cut short, and its simulated cards are gone with it: starting over");
    std::error_code ignored;
    for (const auto* file : {"tessera.db", "tessera.db-wal", "tessera.db-shm"})
        std::filesystem::remove(path / file, ignored);
    return {};
}

result<void> run_demo(const std::filesystem::path& path, const demo_options& options) {
    TESSERA_TRY(start_over_if_cut_short(path));
    TESSERA_TRY(initialize({path}));
    auto opened = open_data_directory({path});
    if (!opened) return std::unexpected(opened.error().front());
    auto& data = *opened;
    TESSERA_TRY_VALUE(const auto count, claim(data, options));
    TESSERA_TRY_VALUE(const auto before, campaigns::campaign_store(*data.writer).find_by_name(campaign_name));
    if (before && before->state == campaigns::campaign_state::finished) {
        std::printf("already done in %s; to see it again: rm -r %s\n", path.c_str(), path.c_str());
        TESSERA_TRY_VALUE(const auto text, summary_text(data, *before));
        std::fputs(text.c_str(), stdout);
        return {};
    }
    TESSERA_TRY(make_fleet(data, count));
    TESSERA_TRY_VALUE(
        const auto world,
        demo_world::start(data.path / "demo-cards.csv", options.faults ? faults_text : std::string_view{}, data.path));
    say("simulated SMSC with its cards: process " + std::to_string(world.pid()) + ", " + world.address());
    for (auto& smsc : data.settings.smscs) smsc.address = world.address();
    TESSERA_TRY_VALUE(const auto subject, demo_campaign(data));
    progress_display progress(system_clock());
    TESSERA_TRY_VALUE(const auto end, run_campaign(data, subject, progress));
    if (end == campaigns::run_end::interrupted)
        return failure("interrupted", "demo", "was stopped; the same command begins it anew");
    TESSERA_TRY_VALUE(const auto finished, find_campaign(data, subject.id));
    TESSERA_TRY_VALUE(const auto text, summary_text(data, finished));
    std::fputs(text.c_str(), stdout);
    for (const auto n : {std::size_t{0}, count / 2, count - 1}) {
        TESSERA_TRY_VALUE(const bool done, ended_done(data, finished, n));
        TESSERA_TRY(read_back(world.address(), n, done));
    }
    std::printf("every card by name: tessera --data %s campaign report %s\n", path.c_str(), finished.id.c_str());
    return {};
}

}  // namespace

void add_demo(CLI::App& app, invocation& run) {
    auto* command = app.add_subcommand("demo", "the main job, all of it: 100,000 simulated cards updated over SMPP");
    const auto options = std::make_shared<demo_options>();
    command->add_option("--cards", options->cards, "size of the fleet")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'000'000));
    command->add_flag("!--no-faults", options->faults, "a perfect network and perfect cards");
    command->callback([&run, options] {
        if (const auto done = run_demo(run.where.directory, *options); !done) refuse(run, done.error());
    });
}

}  // namespace tessera::app
