// tessera trigger: what events of cards set off.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "cards/identifiers.h"
#include "tessera/campaign_planning.h"
#include "tessera/commands.h"
#include "tessera/json_output.h"
#include "tessera/owner.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct trigger_options {
    std::string file, name;
    bool json = false;
};

void refuse_all(invocation& run, const json::object& answer) {
    const auto* several = answer.if_contains("problems");
    if (several == nullptr || !several->is_array())
        return refuse(run, error{text_of(answer, "code"), text_of(answer, "field"), text_of(answer, "message")});
    for (const auto& one : several->get_array())
        refuse(run, error{text_of(one.as_object(), "code"), text_of(one.as_object(), "field"),
                          text_of(one.as_object(), "message")});
}

void print_trigger(const json::object& trigger) {
    std::printf("%-20s %-8s %s: %s campaigns for %s events, %s limited, last %s\n",
                text_of(trigger, "name", "-").c_str(), text_of(trigger, "state", "-").c_str(),
                text_of(trigger, "on", "-").c_str(), text_of(trigger, "campaigns", "-").c_str(),
                text_of(trigger, "events", "-").c_str(), text_of(trigger, "limited", "-").c_str(),
                text_of(trigger, "last_campaign", "-").c_str());
    if (const auto problem = text_of(trigger, "problem", "-"); problem != "-")
        std::printf("%-20s no campaign can be made: %s\n", "", problem.c_str());
    if (const auto refused = text_of(trigger, "refused", "0"); refused != "0")
        std::printf("%-20s no campaign can be made for %s cards: tessera trigger status %s\n", "", refused.c_str(),
                    text_of(trigger, "name", "-").c_str());
}

void ask_and_print(invocation& run, const trigger_options& options, const net::http_request& request) {
    const auto answer = ask_owner(run, request);
    if (!answer) return;
    if (answer->status != 200) return refuse_all(run, answer->body);
    if (options.json) return print_json(answer->body);
    print_trigger(answer->body);
}

void add(invocation& run, const trigger_options& options) {
    const auto text = read_campaign_file(options.file);
    if (!text) return refuse(run, text.error());
    // Files that it names are looked for beside it, by whichever process owns the data directory.
    const auto file = std::filesystem::absolute(options.file).lexically_normal().string();
    ask_and_print(run, options,
                  {"POST", "/v1/triggers", json::serialize(json::object{{"file", file}, {"text", *text}})});
}

void list(invocation& run, const trigger_options& options) {
    const auto answer = ask_owner(run, {"GET", "/v1/triggers", ""});
    if (!answer) return;
    if (answer->status != 200) return refuse_all(run, answer->body);
    for (const auto& one : answer->body.at("triggers").as_array())
        options.json ? print_json(one.as_object()) : print_trigger(one.as_object());
}

// One trigger with the cards that were refused; without a name, how many there are, and what came from nobody.
void status(invocation& run, const trigger_options& options) {
    if (options.name.empty()) {
        const auto answer = ask_owner(run, {"GET", "/v1/triggers", ""});
        if (!answer) return;
        if (answer->status != 200) return refuse_all(run, answer->body);
        if (options.json) return print_json(answer->body);
        const auto& strange = answer->body.at("unmatched_messages").as_object();
        std::printf("%zu triggers; %s messages of cards that nobody knows are kept, %s older ones were dropped\n",
                    answer->body.at("triggers").as_array().size(), text_of(strange, "kept").c_str(),
                    text_of(strange, "dropped").c_str());
        return;
    }
    if (const auto checked = cards::parse_tag(options.name, "NAME"); !checked) return refuse(run, checked.error());
    const auto answer = ask_owner(run, {"GET", "/v1/triggers/" + options.name, ""});
    if (!answer) return;
    if (answer->status != 200) return refuse_all(run, answer->body);
    if (options.json) return print_json(answer->body);
    print_trigger(answer->body);
    for (const auto& one : answer->body.at("refused_cards").as_array())
        std::printf("%-20s %s %s\n", text_of(one.as_object(), "iccid").c_str(), text_of(one.as_object(), "at").c_str(),
                    text_of(one.as_object(), "reason").c_str());
}

}  // namespace

void add_trigger(CLI::App& app, invocation& run) {
    auto* command = app.add_subcommand("trigger", "campaigns that events of cards set off; `tessera serve` runs them");
    command->require_subcommand(1);
    const auto options = std::make_shared<trigger_options>();
    auto* adding = command->add_subcommand("add", "for events from now on, make campaigns of this file");
    adding->add_option("FILE", options->file, "campaign file (TOML) with [trigger] in place of [targets]")->required();
    adding->callback([&run, options] { add(run, *options); });
    auto* listing = command->add_subcommand("list", "all triggers, and what they have set off");
    listing->callback([&run, options] { list(run, *options); });
    auto* telling = command->add_subcommand("status", "one of them, with cards that no campaign could be made for");
    telling->add_option("NAME", options->name, "of the trigger; without: of all, and of messages from nobody known");
    telling->callback([&run, options] { status(run, *options); });
    std::vector<CLI::App*> all{adding, listing, telling};
    const auto with_name = [&](const char* verb, const char* what) {
        auto* made = command->add_subcommand(verb, what);
        made->add_option("NAME", options->name, "of the trigger")->required();
        made->callback([&run, options, verb = std::string(verb)] {
            // It becomes part of a path.
            if (const auto checked = cards::parse_tag(options->name, "NAME"); !checked)
                return refuse(run, checked.error());
            ask_and_print(run, *options, {"POST", "/v1/triggers/" + options->name + "/" + verb, ""});
        });
        all.push_back(made);
    };
    with_name("pause", "make no campaigns; events are kept for it");
    with_name("resume", "make campaigns again, also of the events since it was paused");
    with_name("remove", "for good; campaigns that it made stay");
    for (auto* one : all) one->add_flag("--json", options->json, "print JSON");
}

}  // namespace tessera::app
