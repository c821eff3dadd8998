#include "tessera/campaign_preview.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "campaigns/create.h"
#include "campaigns/danger.h"
#include "campaigns/preview.h"
#include "campaigns/run_estimate.h"
#include "campaigns/safety_store.h"
#include "campaigns/wave_plan.h"
#include "campaigns/wave_store.h"
#include "tessera/campaign_planning.h"
#include "tessera/campaign_runner.h"
#include "tessera/json_output.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct preview_options {
    std::string subject;
    bool json = false;
};

// What the SMSCs of a campaign are like.
struct network_at_hand {
    std::vector<const telecom::smsc_settings*> smscs;
    std::optional<telecom::route_table> routes;

    // Of the concatenations the one with which packets take the most parts.
    [[nodiscard]] campaigns::preview_network view() const {
        const auto* longest = std::ranges::max(smscs, {}, [](const auto* smsc) { return smsc->reference_bits; });
        return {longest->reference_bits, routes ? &*routes : nullptr};
    }
};

struct previewed {
    campaigns::definition what;
    network_at_hand network;
    campaigns::campaign_preview counts;
    std::vector<campaigns::leg> legs;  // of a campaign in waves
    campaigns::sending_estimate sending;
    std::int64_t sends_per_hour = 0;
    timestamp now;  // when the run would begin
    campaigns::run_estimate run;
    [[nodiscard]] bool restricted() const { return what.window.has_value() || sends_per_hour > 0; }
};

std::unexpected<std::vector<error>> refused(error problem) { return std::unexpected(std::vector{std::move(problem)}); }

result<network_at_hand> network_of(const data_directory& data, const campaigns::definition& what) {
    network_at_hand made;
    TESSERA_TRY_VALUE(made.smscs, data.settings.used_by(what.way.smscs));
    made.routes = data.settings.routes_of(what.way.smscs);
    return made;
}

std::expected<previewed, std::vector<error>> preview_file(const data_directory& data, store::connection& reader,
                                                          const std::string& path) {
    const auto text = read_campaign_file(path);
    if (!text) return refused(text.error());
    auto what = campaigns::check_campaign_file(reader, *text, context_of(data, path));
    if (!what) return std::unexpected(std::move(what).error());
    auto network = network_of(data, *what);
    if (!network) return refused(network.error());
    const auto counts = campaigns::preview_definition(reader, *what, network->view());
    if (!counts) return refused(counts.error());
    previewed made;
    made.what = std::move(*what);
    made.network = std::move(*network);
    made.counts = *counts;
    if (!campaigns::goes_in_legs(made.what, data.settings.house)) return made;
    const auto plan = campaigns::plan_waves(reader, made.what, data.settings.house, made.what.waves.seed.value_or(0));
    if (!plan) return refused(plan.error());
    made.legs = plan->legs;
    return made;
}

result<previewed> preview_campaign(data_directory& data, store::connection& reader, const std::string& id) {
    TESSERA_TRY_VALUE(const auto subject, find_campaign(data, id));
    if (subject.state != campaigns::campaign_state::created)
        return failure("bad_state", id,
                       "is " + std::string(campaigns::to_string(subject.state)) + "; see: tessera campaign status");
    previewed made;
    TESSERA_TRY_VALUE(made.what, campaigns::definition_of(subject));
    TESSERA_TRY_VALUE(made.network, network_of(data, made.what));
    TESSERA_TRY_VALUE(made.counts, campaigns::preview_targets(reader, subject.key, made.what, made.network.view()));
    TESSERA_TRY_VALUE(made.legs, campaigns::wave_store(reader).legs(subject.key));
    return made;
}

// With the window and the house's ration, as if it began now.
result<void> estimate(const data_directory& data, store::connection& reader, previewed& made) {
    made.now = system_clock().now();
    made.sends_per_hour = data.settings.house.sends_per_hour;
    made.sending = campaigns::estimate_sending(made.counts.short_messages, made.network.smscs);
    TESSERA_TRY_VALUE(const auto sent, campaigns::safety_store(reader).counted_sends(made.now));
    TESSERA_TRY_VALUE(made.run, campaigns::estimate_run(campaigns::parts_of(made.counts.short_messages, made.legs),
                                                        made.sending.per_second, made.what.window, made.sends_per_hour,
                                                        sent, made.now));
    return {};
}

// --- as JSON

json::array waves_json(const std::vector<campaigns::leg>& legs) {
    json::array made;
    for (const auto& one : legs) {
        json::object wave{{"wave", one.wave}, {"targets", one.targets}};
        if (!one.zone.empty()) wave["zone"] = one.zone;
        made.push_back(std::move(wave));
    }
    return made;
}

double milliseconds_of(double seconds) { return std::round(seconds * 1000) / 1000; }

std::string_view limit_of(const previewed& found) {
    switch (found.run.limited_by) {
        case campaigns::run_limit::ration:
            return "sends_per_hour";
        case campaigns::run_limit::window:
            return "campaign_window";
        case campaigns::run_limit::link:
            break;
    }
    return found.sending.by_rate ? "rate" : "window";  // of the SMSC
}

json::object json_of(const previewed& found) {
    const auto& counts = found.counts;
    const auto danger = campaigns::dangers_of(found.what);
    const auto null_or = [](bool there, auto value) {
        return there ? json::value(std::move(value)) : json::value(nullptr);
    };
    const auto& run = found.run;
    return {{"targets", counts.targets},
            {"skipped", counts.skipped},
            {"no_subscriber", counts.no_subscriber},
            {"no_key", counts.no_key},
            {"no_encryption_key", counts.no_encryption_key},
            {"no_variable", counts.no_variable},
            {"no_route", counts.no_route},
            {"no_packet", counts.no_packet},
            {"near_counter_end", counts.near_counter_end},
            {"cards", counts.cards},
            {"packets", counts.packets},
            {"sms", counts.short_messages},
            {"estimated_seconds", null_or(run.whole, milliseconds_of(seconds(run.ends - found.now)))},
            {"sending_seconds", milliseconds_of(found.sending.seconds)},
            {"sms_per_second", found.sending.per_second},
            {"limited_by", limit_of(found)},
            {"begins_at", null_or(found.restricted() && run.whole, to_iso8601(run.begins))},
            {"ends_at", null_or(found.restricted() && run.whole, to_iso8601(run.ends))},
            {"windows", null_or(found.what.window.has_value() && run.whole, run.windows)},
            {"waves", waves_json(found.legs)},
            {"needs_approval", null_or(!danger.empty(), danger)}};
}

// --- as text

void print_count(std::int64_t count, const char* what) {
    std::printf("%11lld  %s\n", static_cast<long long>(count), what);
}

void print_counts(const previewed& found) {
    const auto& counts = found.counts;
    const auto if_any = [](std::int64_t count, const char* what) {
        if (count > 0) print_count(count, what);
    };
    print_count(counts.targets, "targets");
    print_count(counts.skipped, found.what.rotation ? "skipped: they have a key set of the new version"
                                                    : "skipped: they hold the content already");
    if_any(counts.no_subscriber, "would fail: no MSISDN");
    if_any(counts.no_key, "would fail: no key set of the version");
    if_any(counts.no_encryption_key, "would fail: no key encryption key (dek_key)");
    if_any(counts.no_variable, "would fail: a variable is missing, or does not fit the file");
    if_any(counts.no_route, "would not be reached: no [[smsc]] has a prefix of their number");
    if_any(counts.no_packet, "would fail: no packet can be built with their keys or counter");
    print_count(counts.cards, found.what.is_audit()           ? "cards to be read"
                              : found.what.is_for_terminals() ? "terminals to be set"
                              : found.what.terminals          ? "cards and terminals to be written"
                                                              : "cards to be written");
    if_any(counts.near_counter_end, "of them with few counters left: tessera card counters");
    print_count(counts.packets, "packets");
    print_count(counts.short_messages, "short messages");
}

void print_speed(const previewed& found) {
    const auto& smscs = found.network.smscs;
    const auto assumed = static_cast<long long>(campaigns::assumed_submit_answer.count());
    std::printf("%9.1f s  to send them, at %.0f a second: ", found.sending.seconds, found.sending.per_second);
    if (smscs.size() > 1)
        std::printf("rates and windows of %zu [[smsc]] together, if each submit is answered in %lld ms\n", smscs.size(),
                    assumed);
    else if (found.sending.by_rate)
        std::printf("the rate of [[smsc]] %s\n", smscs[0]->name.c_str());
    else
        std::printf("the window of [[smsc]] %s, %u, if each is answered in %lld ms\n", smscs[0]->name.c_str(),
                    smscs[0]->window, assumed);
}

void print_run(const previewed& found) {
    if (!found.restricted() || found.counts.short_messages == 0) return;
    const auto& run = found.run;
    if (!run.whole) {
        std::printf(
            "Begun now, it would not end within %d years: its window does not open (often enough), or "
            "sends_per_hour is too low\n",
            limits::estimated_years);
        return;
    }
    std::printf("Begun now, it sends from %s to %s", to_iso8601(run.begins).c_str(), to_iso8601(run.ends).c_str());
    if (run.windows > 0) std::printf(", in %d window%s", run.windows, run.windows == 1 ? "" : "s");
    switch (run.limited_by) {
        case campaigns::run_limit::ration:
            std::printf("; sends_per_hour = %lld limits it\n", static_cast<long long>(found.sends_per_hour));
            return;
        case campaigns::run_limit::window:
            std::printf("; its [window] limits it\n");
            return;
        case campaigns::run_limit::link:
            std::printf("; the speed of sending limits it\n");
            return;
    }
}

void print_text(const previewed& found) {
    print_counts(found);
    print_speed(found);
    print_run(found);
    for (const auto& one : found.legs)
        std::printf("%11lld  in wave %d%s%s\n", static_cast<long long>(one.targets), one.wave,
                    one.zone.empty() ? "" : ", ", one.zone.c_str());
    if (const auto danger = campaigns::dangers_of(found.what); !danger.empty())
        std::printf("Needs approval before it runs: %s\n", danger.c_str());
    std::printf("Cards' answers come on top; silent cards hold the session open for up to %g s.\n",
                seconds(found.what.por_timeout) * found.what.attempts);
}

void preview(invocation& run, const preview_options& options) {
    auto data = open_beside(run.where, store::access::read);
    if (!data) return refuse(run, data.error());
    auto& reader = *data->writer;
    std::error_code ignored;
    std::expected<previewed, std::vector<error>> found;
    if (std::filesystem::exists(options.subject, ignored) || !is_uuid(options.subject)) {
        found = preview_file(*data, reader, options.subject);
    } else if (auto of_campaign = preview_campaign(*data, reader, options.subject)) {
        found = std::move(*of_campaign);
    } else {
        found = refused(std::move(of_campaign).error());
    }
    if (!found) return refuse(run, found.error());
    if (const auto done = estimate(*data, reader, *found); !done) return refuse(run, done.error());
    if (found->counts.targets == 0)
        std::fprintf(stderr,
                     "tessera: %s: nobody of the registry is meant by its targets; such a campaign is not made\n",
                     options.subject.c_str());
    options.json ? print_json(json_of(*found)) : print_text(*found);
}

}  // namespace

void add_campaign_preview(CLI::App& campaign_command, invocation& run) {
    const auto options = std::make_shared<preview_options>();
    auto* previewing = campaign_command.add_subcommand("preview", "count what a campaign would send; writes nothing");
    previewing->add_option("FILE|ID", options->subject, "campaign file (TOML), or id of a campaign not begun")
        ->required();
    previewing->add_flag("--json", options->json, "print JSON");
    previewing->callback([&run, options] { preview(run, *options); });
}

}  // namespace tessera::app
