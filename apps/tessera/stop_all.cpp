// tessera stop-all: nothing runs and nothing that writes begins, until it is lifted.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "tessera/commands.h"
#include "tessera/json_output.h"
#include "tessera/login_name.h"
#include "tessera/owner.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct stop_options {
    std::string by;
    bool lift = false, status = false, json = false;
};

void stop_all(invocation& run, const stop_options& options) {
    const auto by = options.by.empty() ? login_name() : options.by;
    const auto body = json::serialize(json::object{{"by", by}});
    const auto answer = options.status
                            ? ask_owner(run, {"GET", "/v1/stop-all", ""})
                            : ask_owner(run, {"POST", options.lift ? "/v1/stop-all/lift" : "/v1/stop-all", body});
    if (!answer) return;
    if (answer->status != 200) return refuse_with(run, answer->body);
    if (options.json) return print_json(answer->body);
    if (!answer->body.at("stopped").as_bool()) {
        std::printf("nothing is stopped\n");
        return;
    }
    std::printf("stopped by %s at %s; campaigns paused now: %s; go on with: tessera stop-all --lift\n",
                text_of(answer->body, "by").c_str(), text_of(answer->body, "since").c_str(),
                json::serialize(answer->body.at("paused")).c_str());
}

}  // namespace

void add_stop_all(CLI::App& parent, invocation& run) {
    const auto options = std::make_shared<stop_options>();
    auto* command =
        parent.add_subcommand("stop-all", "pause every campaign; nothing that writes begins or goes on until --lift");
    auto* lift = command->add_flag("--lift", options->lift, "let campaigns and operations begin and be resumed again");
    command->add_flag("--status", options->status, "only say whether everything is stopped")->excludes(lift);
    command->add_option("--by", options->by, "name of who stops or lifts (default: the login name)");
    command->add_flag("--json", options->json, "print JSON");
    command->callback([&run, options] { stop_all(run, *options); });
}

}  // namespace tessera::app
