#include "tessera/campaign_planning.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/limits.h"
#include "campaigns/create.h"
#include "tessera/campaign_runner.h"
#include "tessera/json_output.h"
#include "tessera/text_file.h"

namespace tessera::app {
namespace {

struct planning_options {
    std::string subject, name;
    std::vector<std::string> outcomes;
    bool json = false;
};

// --- follow-up

void follow_up(invocation& run, const planning_options& options) {
    auto data = open_beside(run.where, store::access::write);
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

campaigns::file_context context_of(const data_directory& data, const std::string& file) {
    campaigns::file_context context;
    context.file = file;
    context.house = data.settings.house;
    context.smsc_known = [&](std::string_view name) { return data.settings.smsc(name) != nullptr; };
    return context;
}

result<std::string> read_campaign_file(const std::string& path) {
    return read_text_file(path, limits::campaign_file_octets);
}

void add_campaign_planning(CLI::App& campaign_command, invocation& run) {
    const auto options = std::make_shared<planning_options>();
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
