// card try: a campaign's packets into one card in a reader, before a fleet is touched.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "net/card_reader.h"
#include "tessera/campaign_planning.h"
#include "tessera/commands.h"
#include "tessera/json_output.h"
#include "tessera/login_name.h"
#include "tessera/owner.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct try_options {
    std::string file, reader, smsc_address, por_timeout, by;
    bool any = false, list = false, json = false, approve_danger = false;
};

template <class Use>
void for_each(const json::object& from, const char* key, Use&& use) {
    const auto* found = from.if_contains(key);
    if (found == nullptr || !found->is_array()) return;
    for (const auto& one : found->get_array())
        if (one.is_object()) use(one.get_object());
}

void print_command(const json::object& command) {
    const auto proactive = text_of(command, "proactive");
    std::printf("  %-18s %s %s%s%s\n", text_of(command, "name").c_str(), text_of(command, "status_word").c_str(),
                text_of(command, "meaning").c_str(), proactive.empty() ? "" : ": ", proactive.c_str());
}

void print_card_answer(const json::object& answer) {
    if (text_of(answer, "readable") != "true") {
        std::printf("  answer             not readable with the card's keys: %s\n", text_of(answer, "octets").c_str());
        return;
    }
    std::printf("  answer             %s %s, counter %s, %s", text_of(answer, "status").c_str(),
                text_of(answer, "meaning").c_str(), text_of(answer, "counter").c_str(),
                text_of(answer, "secured") == "true" ? "secured" : "not secured as asked for");
    if (answer.contains("executed"))
        std::printf("; %s commands executed, %s", text_of(answer, "executed").c_str(),
                    text_of(answer, "status_word").c_str());
    const auto data = text_of(answer, "data");
    std::printf("%s%s\n", data.empty() ? "" : ", data ", data.c_str());
}

void print_trial(const json::object& made) {
    std::printf("reader %s, ATR %s\n", text_of(made, "reader").c_str(), text_of(made, "atr").c_str());
    for_each(made, "activation", print_command);
    int ordinal = 0;
    for_each(made, "packets", [&](const json::object& packet) {
        std::printf("packet %d, counter %s, %s\n", ++ordinal, text_of(packet, "counter").c_str(),
                    text_of(packet, "octets").c_str());
        for_each(packet, "commands", print_command);
        for_each(packet, "answers", print_card_answer);
    });
    const auto cause = text_of(made, "cause");
    std::printf("%s %s: %s%s%s\n", text_of(made, "iccid").c_str(), text_of(made, "operation").c_str(),
                text_of(made, "outcome").c_str(), cause.empty() ? "" : ", ", cause.c_str());
}

error error_of(const json::object& from) {
    return {text_of(from, "code"), text_of(from, "field"), text_of(from, "message")};
}

void try_card(invocation& run, const try_options& options) {
    const auto text = read_campaign_file(options.file);
    if (!text) return refuse(run, text.error());
    std::error_code problem;
    const auto path = std::filesystem::absolute(options.file, problem);  // the owner may stand in another folder
    json::object request{{"file", problem ? options.file : path.string()},
                         {"text", *text},
                         {"reader", options.reader},
                         {"any", options.any}};
    if (!options.smsc_address.empty()) request["smsc_address"] = options.smsc_address;
    if (!options.por_timeout.empty()) request["por_timeout"] = options.por_timeout;
    if (options.approve_danger) request["approve_danger"] = options.by.empty() ? login_name() : options.by;
    const auto answer = ask_owner(run, {"POST", "/v1/trials", json::serialize(request)});
    if (!answer) return;
    if (answer->status != 200) return refuse_with(run, answer->body);
    options.json ? print_json(answer->body) : print_trial(answer->body);
    run.told = true;
    if (text_of(answer->body, "outcome") != "done") run.status = exit_status::refused;
    if (const auto* lost = answer->body.if_contains("error"); lost != nullptr && lost->is_object())
        refuse(run, error_of(lost->get_object()));
}

void list_readers(invocation& run, bool as_json) {
    const auto found = net::make_pcsc_readers()->list();
    if (!found) return refuse(run, found.error());
    for (const auto& one : *found) {
        if (as_json)
            print_json({{"reader", one.name}, {"card", one.card}, {"in_use", one.in_use}});
        else
            std::printf("%-40s %s\n", one.name.c_str(), !one.card ? "empty" : one.in_use ? "card, in use" : "card");
    }
    if (found->empty() && !as_json) std::fprintf(stderr, "tessera: there is no reader\n");
}

}  // namespace

void add_card_try(CLI::App& card_command, invocation& run) {
    const auto options = std::make_shared<try_options>();
    auto* command = card_command.add_subcommand("try", "a campaign's packets into one card in a PC/SC reader");
    auto* file = command->add_option("FILE", options->file, "the campaign file");
    auto* reader =
        command->add_option("--reader", options->reader, "its name, or how the only one with such a name begins");
    command->add_flag("--any", options->any, "also a card of the registry that the campaign is not for");
    command->add_option("--smsc-address", options->smsc_address, "service centre that the card sees, digits");
    command->add_option("--por-timeout", options->por_timeout,
                        "wait for an answer (default: the campaign's, at most 10s)");
    auto* approving = command->add_flag("--approve-danger", options->approve_danger,
                                        "take the responsibility for what can make the card useless");
    command->add_option("--by", options->by, "who does (default: whoever is logged in)")->needs(approving);
    auto* list = command->add_flag("--list-readers", options->list, "name the readers and end");
    list->excludes(file)->excludes(reader);
    command->add_flag("--json", options->json, "print one JSON object; of --list-readers one per reader");
    command->callback([&run, options] {
        if (options->list) return list_readers(run, options->json);
        if (options->file.empty()) throw CLI::RequiredError("FILE");
        if (options->reader.empty()) throw CLI::RequiredError("--reader");
        try_card(run, *options);
    });
}

}  // namespace tessera::app
