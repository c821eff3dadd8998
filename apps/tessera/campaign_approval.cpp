#include "tessera/campaign_approval.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "tessera/json_output.h"
#include "tessera/login_name.h"
#include "tessera/owner.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct approval_options {
    std::string id, by;
    bool json = false;
};

void approve(invocation& run, const approval_options& options) {
    const auto by = options.by.empty() ? login_name() : options.by;
    const auto answer = ask_owner(run, {"POST", "/v1/campaigns/" + options.id + "/approve",
                                        json::serialize(json::object{{"by", by}, {"named", !options.by.empty()}})});
    if (!answer) return;
    if (answer->status != 200) return refuse_with(run, answer->body);
    if (options.json) return print_json(answer->body);
    const auto state = text_of(answer->body, "state");
    std::printf("approved by %s; go on with: tessera campaign %s %s\n", by.c_str(),
                state == "created" ? "run" : "resume", options.id.c_str());
}

}  // namespace

void add_campaign_approval(CLI::App& campaign_command, invocation& run) {
    const auto options = std::make_shared<approval_options>();
    auto* command = campaign_command.add_subcommand(
        "approve", "take the responsibility for what a campaign waits for; status says what that is");
    command->add_option("ID", options->id, "campaign id")->required();
    command->add_option("--by", options->by, "name of who approves (default: the login name)");
    command->add_flag("--json", options->json, "print JSON");
    command->callback([&run, options] { approve(run, *options); });
}

}  // namespace tessera::app
