#include "tessera/campaign_planning.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/limits.h"
#include "campaigns/create.h"
#include "campaigns/danger.h"
#include "campaigns/preview.h"
#include "campaigns/wave_plan.h"
#include "campaigns/wave_store.h"
#include "tessera/campaign_runner.h"
#include "tessera/json_output.h"

namespace tessera::app {
namespace {

struct planning_options {
    std::string subject, name;
    std::vector<std::string> outcomes;
    bool json = false;
};

campaigns::file_context context_of(const data_directory& data, const std::string& file) {
    campaigns::file_context context;
    context.file = file;
    context.house = data.settings.house;
    context.smsc_known = [&](std::string_view name) { return data.settings.smsc(name) != nullptr; };
    return context;
}

// --- preview

struct previewed {
    campaigns::definition what;
    campaigns::campaign_preview counts;
    std::vector<campaigns::leg> legs;  // of a campaign in waves
};

std::unexpected<std::vector<error>> refused(error problem) { return std::unexpected(std::vector{std::move(problem)}); }

// Those with which packets take the most parts.
result<int> reference_bits(const data_directory& data, const campaigns::definition& what) {
    TESSERA_TRY_VALUE(const auto used, data.settings.used_by(what.way.smscs));
    return std::ranges::max(used, {}, [](const auto* smsc) { return smsc->reference_bits; })->reference_bits;
}

std::expected<previewed, std::vector<error>> preview_file(const data_directory& data, store::connection& reader,
                                                          const std::string& path) {
    const auto text = read_campaign_file(path);
    if (!text) return refused(text.error());
    auto what = campaigns::check_campaign_file(reader, *text, context_of(data, path));
    if (!what) return std::unexpected(std::move(what).error());
    const auto bits = reference_bits(data, *what);
    if (!bits) return refused(bits.error());
    const auto counts = campaigns::preview_definition(reader, *what, *bits);
    if (!counts) return refused(counts.error());
    previewed made{std::move(*what), *counts, {}};
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
    TESSERA_TRY_VALUE(auto what, campaigns::definition_of(subject));
    TESSERA_TRY_VALUE(const int bits, reference_bits(data, what));
    TESSERA_TRY_VALUE(const auto counts, campaigns::preview_targets(reader, subject.key, what, bits));
    TESSERA_TRY_VALUE(auto legs, campaigns::wave_store(reader).legs(subject.key));
    return previewed{std::move(what), counts, std::move(legs)};
}

boost::json::array waves_json(const std::vector<campaigns::leg>& legs) {
    boost::json::array made;
    for (const auto& one : legs) {
        boost::json::object wave{{"wave", one.wave}, {"targets", one.targets}};
        if (!one.zone.empty()) wave["zone"] = one.zone;
        made.push_back(std::move(wave));
    }
    return made;
}

void print(const previewed& found, const std::vector<const telecom::smsc_settings*>& smscs, bool json) {
    const auto& counts = found.counts;
    const auto estimate = campaigns::estimate_sending(counts.short_messages, smscs);
    const auto danger = campaigns::dangers_of(found.what);
    const auto assumed = static_cast<long long>(campaigns::assumed_submit_answer.count());
    if (json)
        return print_json(
            {{"targets", counts.targets},
             {"skipped", counts.skipped},
             {"no_subscriber", counts.no_subscriber},
             {"no_key", counts.no_key},
             {"no_variable", counts.no_variable},
             {"no_packet", counts.no_packet},
             {"near_counter_end", counts.near_counter_end},
             {"cards", counts.cards},
             {"packets", counts.packets},
             {"sms", counts.short_messages},
             {"estimated_seconds", std::round(estimate.seconds * 1000) / 1000},
             {"sms_per_second", estimate.per_second},
             {"limited_by", estimate.by_rate ? "rate" : "window"},
             {"waves", waves_json(found.legs)},
             {"needs_approval", danger.empty() ? boost::json::value(nullptr) : boost::json::value(danger)}});
    const auto line = [](std::int64_t count, const char* what) {
        std::printf("%11lld  %s\n", static_cast<long long>(count), what);
    };
    line(counts.targets, "targets");
    line(counts.skipped, "skipped: they hold the content already");
    if (counts.no_subscriber > 0) line(counts.no_subscriber, "would fail: no MSISDN");
    if (counts.no_key > 0) line(counts.no_key, "would fail: no key set of the version");
    if (counts.no_variable > 0) line(counts.no_variable, "would fail: a variable is missing, or does not fit the file");
    if (counts.no_packet > 0) line(counts.no_packet, "would fail: no packet can be built with their keys or counter");
    line(counts.cards, found.what.is_audit()           ? "cards to be read"
                       : found.what.is_for_terminals() ? "terminals to be set"
                       : found.what.terminals          ? "cards and terminals to be written"
                                                       : "cards to be written");
    if (counts.near_counter_end > 0)
        line(counts.near_counter_end, "of them with few counters left: tessera card counters");
    line(counts.packets, "packets");
    line(counts.short_messages, "short messages");
    std::printf("%9.1f s  to send them, at %.0f a second: ", estimate.seconds, estimate.per_second);
    if (smscs.size() > 1)
        std::printf("rates and windows of %zu [[smsc]] together, if each submit is answered in %lld ms\n", smscs.size(),
                    assumed);
    else if (estimate.by_rate)
        std::printf("the rate of [[smsc]] %s\n", smscs[0]->name.c_str());
    else
        std::printf("the window of [[smsc]] %s, %u, if each is answered in %lld ms\n", smscs[0]->name.c_str(),
                    smscs[0]->window, assumed);
    for (const auto& one : found.legs)
        std::printf("%11lld  in wave %d%s%s\n", static_cast<long long>(one.targets), one.wave,
                    one.zone.empty() ? "" : ", ", one.zone.c_str());
    if (!danger.empty()) std::printf("Needs approval before it runs: %s\n", danger.c_str());
    std::printf("Cards' answers come on top; silent cards hold the session open for up to %g s.\n",
                seconds(found.what.por_timeout) * found.what.attempts);
}

void preview(invocation& run, const planning_options& options) {
    auto data = open_data_directory(run.data);
    if (!data) return refuse(run, data.error());
    auto reader = data->storage->connect(store::access::read);
    if (!reader) return refuse(run, reader.error());
    std::error_code ignored;
    std::expected<previewed, std::vector<error>> found;
    if (std::filesystem::exists(options.subject, ignored) || !is_uuid(options.subject)) {
        found = preview_file(*data, **reader, options.subject);
    } else if (auto of_campaign = preview_campaign(*data, **reader, options.subject)) {
        found = std::move(*of_campaign);
    } else {
        found = refused(std::move(of_campaign).error());
    }
    if (!found) return refuse(run, found.error());
    print(*found, *data->settings.used_by(found->what.way.smscs), options.json);
}

// --- follow-up

void follow_up(invocation& run, const planning_options& options) {
    auto data = open_data_directory(run.data);
    if (!data) return refuse(run, data.error());
    const auto earlier = find_campaign(*data, options.subject);
    if (!earlier) return refuse(run, earlier.error());
    campaigns::follow_up wanted;
    wanted.name = options.name;
    if (!options.outcomes.empty()) wanted.outcomes.clear();
    for (const auto& name : options.outcomes) {
        if (name == campaigns::not_sent) {
            wanted.not_sent = true;
            continue;
        }
        const auto one = operations::outcome_from(name);
        if (name == campaigns::drift_name) {
            wanted.drifted = true;
            continue;
        }
        if (!one)
            return refuse(run, error{"bad_outcome", "--outcome",
                                     "expected done, skipped, failed, unknown, not_sent, or drift (of an audit)"});
        if (std::ranges::find(wanted.outcomes, *one) == wanted.outcomes.end()) wanted.outcomes.push_back(*one);
    }
    const auto made = campaigns::create_follow_up(*data->writer, *earlier, wanted, context_of(*data, {}),
                                                  system_clock().now(), system_random());
    if (!made) return refuse(run, made.error());
    print_created(*data, *made, options.json);
}

}  // namespace

result<std::string> read_campaign_file(const std::string& path) {
    std::ifstream file(path);
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) file.close();
    std::string text(limits::campaign_file_octets + 1, '\0');
    if (file.is_open()) file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad()) return failure("not_found", path, "cannot be read");
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

void add_campaign_planning(CLI::App& campaign_command, invocation& run) {
    const auto options = std::make_shared<planning_options>();
    auto* previewing = campaign_command.add_subcommand("preview", "count what a campaign would send; writes nothing");
    previewing->add_option("FILE|ID", options->subject, "campaign file (TOML), or id of a campaign not begun")
        ->required();
    previewing->add_flag("--json", options->json, "print JSON");
    previewing->callback([&run, options] { preview(run, *options); });

    auto* following = campaign_command.add_subcommand(
        "follow-up", "a new campaign for the cards that one has left open; prints the id");
    following->add_option("ID", options->subject, "campaign id")->required();
    following->add_option("--outcome", options->outcomes, "which cards; default unknown,failed")
        ->delimiter(',')
        ->allow_extra_args(false);
    following->add_option("--name", options->name, "name of the new campaign");
    following->add_flag("--json", options->json, "print JSON");
    following->callback([&run, options] { follow_up(run, *options); });
}

}  // namespace tessera::app
