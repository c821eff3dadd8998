#include "bench/one_by_one.h"

#include <fstream>

#include "bench/child_process.h"
#include "campaigns/create.h"
#include "campaigns/report.h"
#include "cards/import.h"
#include "sim/fleet.h"
#include "tessera/campaign_runner.h"

namespace tessera::bench {
namespace {

constexpr std::string_view slow_cards = "delay = \"200ms\"\n";

class silent final : public campaigns::progress_sink {
public:
    void phase_began(int, campaigns::phase, std::int64_t) override {}
    void cards_moved(std::int64_t) override {}
    void phase_ended(int, campaigns::phase) override {}
};

std::string campaign_text(const std::string& name, const std::string& targets) {
    return "[campaign]\nname = \"" + name + "\"\n[targets]\n" + targets +
           "\n[security]\ntar = \"b00010\"\nspi = \"1639\"\n[[write]]\nfile = \"7f20/6f46\"\ncontent = "
           "\"0154657373657261ffffffffffffffffff\"\n";
}

result<campaigns::campaign_summary> run(app::data_directory& data, const std::string& text) {
    campaigns::file_context context;
    context.file = "bench";
    const auto made = campaigns::create_campaign(*data.writer, text, context, system_clock().now(), system_random());
    if (!made) return std::unexpected(made.error().front());
    silent progress;
    TESSERA_TRY(app::run_campaign(data, *made, progress));
    TESSERA_TRY_VALUE(const auto subject, app::find_campaign(data, made->id));
    TESSERA_TRY_VALUE(auto summary, campaigns::summarize(*data.writer, subject, system_clock().now()));
    if (summary.outcomes.done != subject.targets) return failure("not_done", "campaign", "not every card ended done");
    return summary;
}

result<app::data_directory> fresh(const one_by_one_plan& plan, const char* name, const std::string& fleet,
                                  const std::string& address) {
    const auto path = plan.directory / name;
    TESSERA_TRY(app::initialize({path}));
    std::ofstream(path / "tessera.toml") << "[telecom]\nsession = \"per-exchange\"\n[[smsc]]\naddress = \"" << address
                                         << "\"\n";
    auto opened = app::open_data_directory({path});
    if (!opened) return std::unexpected(opened.error().front());
    TESSERA_TRY(
        cards::import_cards(fleet, {}, *opened->writer, opened->vault, system_clock().now(), [](std::size_t) {}));
    return std::move(*opened);
}

}  // namespace

result<void> measure_one_by_one(const one_by_one_plan& plan, const reporter& report) {
    const auto fleet = (plan.directory / "slow.csv").string();
    sim::fleet_plan cards;
    cards.cards = plan.cards;
    TESSERA_TRY(sim::write_fleet(fleet, cards));

    TESSERA_TRY_VALUE(const auto first_world, simulator::start(plan.program, fleet, std::string(slow_cards)));
    TESSERA_TRY_VALUE(auto together, fresh(plan, "together", fleet, first_world.address()));
    TESSERA_TRY_VALUE(const auto summary, run(together, campaign_text("together", "all = true")));

    TESSERA_TRY_VALUE(const auto second_world, simulator::start(plan.program, fleet, std::string(slow_cards)));
    TESSERA_TRY_VALUE(auto apart, fresh(plan, "apart", fleet, second_world.address()));
    // Card by card there is no moment at which the session could be closed: it is open from the first card to the last.
    const auto began = system_clock().monotonic();
    for (std::size_t n = 0; n < plan.cards; ++n) {
        const auto imsi = sim::fleet_imsi(n);
        TESSERA_TRY(run(
            apart, campaign_text("card " + std::to_string(n), "imsi_range = [\"" + imsi + "\", \"" + imsi + "\"]")));
    }
    const double session = seconds(system_clock().monotonic() - began);
    const double scaled = session / static_cast<double>(plan.cards) * plan.campaign_cards;
    report.add({"session_slow_cards", summary.exchange.seconds, "s", "session_slow_cards_one_by_one",
                summary.exchange.seconds / session});
    report.add({"session_slow_cards_one_by_one", session, "s", "", 0});
    report.add({"session_one_by_one_scaled", scaled, "s", "", 0});
    report.add({"session", plan.campaign_session, "s", "session_one_by_one_scaled", plan.campaign_session / scaled});
    return {};
}

}  // namespace tessera::bench
