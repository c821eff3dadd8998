#include "bench/campaign_run.h"

#include <fstream>

#include "bench/child_process.h"
#include "cards/import.h"
#include "sim/fleet.h"
#include "tessera/campaign_runner.h"

namespace tessera::bench {
namespace {

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

}  // namespace

result<double> make_data(const campaign_plan& plan) {
    sim::fleet_plan fleet;
    fleet.cards = plan.cards;
    TESSERA_TRY(sim::write_fleet(plan.fleet, fleet));
    TESSERA_TRY(app::initialize({plan.data, plan.database}));
    auto opened = app::open_data_directory({plan.data});
    if (!opened) return std::unexpected(opened.error().front());
    const auto began = system_clock().monotonic();
    TESSERA_TRY(cards::import_cards(plan.fleet.string(), {}, *opened->writer, opened->vault, system_clock().now(),
                                    [](std::size_t) {}));
    return seconds(system_clock().monotonic() - began);
}

result<std::string> create_campaign_at(const campaign_plan& plan, const std::string& address) {
    {
        std::ofstream settings(plan.data / "tessera.toml");
        if (!plan.database.empty()) settings << "[database]\nurl = \"" << plan.database << "\"\n";
        settings << "[[smsc]]\naddress = \"" << address << "\"\n";
    }
    std::ofstream(plan.data / "campaign.toml") << campaign_text(plan.parts);
    TESSERA_TRY_VALUE(const auto created, run_to_end({plan.program, "--data", plan.data, "campaign", "create",
                                                      plan.data / "campaign.toml"}));
    return created.output.substr(0, created.output.find('\n'));
}

result<campaign_figures> run_campaign_as_users_do(const campaign_plan& plan) {
    campaign_figures figures;
    TESSERA_TRY_VALUE(figures.import_seconds, make_data(plan));
    TESSERA_TRY_VALUE(const auto world, simulator::start(plan.program, plan.fleet, ""));
    TESSERA_TRY_VALUE(const auto id, create_campaign_at(plan, world.address()));
    TESSERA_TRY_VALUE(const auto ran, run_to_end({plan.program, "--data", plan.data, "campaign", "run", id, "--json"}));
    figures.peak_kibibytes = ran.peak_kibibytes;
    auto opened = app::open_data_directory({plan.data});
    if (!opened) return std::unexpected(opened.error().front());
    TESSERA_TRY_VALUE(const auto subject, app::find_campaign(*opened, id));
    TESSERA_TRY_VALUE(figures.summary, campaigns::summarize(*opened->writer, subject, system_clock().now()));
    figures.database_octets = std::filesystem::file_size(plan.data / "tessera.db");
    if (figures.summary.outcomes.done != static_cast<std::int64_t>(plan.cards))
        return failure("not_done", "campaign",
                       "only " + std::to_string(figures.summary.outcomes.done) + " cards ended done");
    return figures;
}

}  // namespace tessera::bench
