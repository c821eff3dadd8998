// card write, card read, card run, card resync: one operation on one card, now.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "base/limits.h"
#include "tessera/commands.h"
#include "tessera/json_output.h"
#include "tessera/login_name.h"
#include "tessera/owner.h"
#include "tessera/request_options.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct operation_options : request_options {
    std::string file, content, value, tar, application, counter;
    std::int64_t leap = -1;
    std::vector<std::string> commands;
    int record = 0, length = 0;
    std::string by;
    bool approve_danger = false;
};

void put(json::object& into, const char* key, const std::string& text) {
    if (!text.empty()) into[key] = text;
}
void put(json::object& into, const char* key, int number) {
    if (number != 0) into[key] = number;
}

result<json::object> request_of(const char* kind, const operation_options& options) {
    json::object made{{"kind", kind}};
    put(made, "file", options.file);
    put(made, "record", options.record);
    put(made, "content", options.content);
    put(made, "length", options.length);
    put(made, "tar", options.tar);
    put(made, "application", options.application);
    put(made, "counter", options.counter);
    if (options.leap >= 0) made["leap"] = options.leap;
    if (options.approve_danger) made["approve_danger"] = options.by.empty() ? login_name() : options.by;
    put_request_options(made, options);
    if (!options.commands.empty()) made["commands"] = json::array(options.commands.begin(), options.commands.end());
    if (options.value.empty()) return made;
    boost::system::error_code problem;
    made["value"] = json::parse(options.value, problem);
    if (problem) return failure("bad_value", "--value", "expected JSON: " + problem.message());
    return made;
}

void print_answer(const json::object& answer) {
    const auto cause = text_of(answer, "cause");
    std::printf("%s %s: %s%s%s\n", text_of(answer, "iccid").c_str(), text_of(answer, "operation").c_str(),
                text_of(answer, "outcome").c_str(), cause.empty() ? "" : ", ", cause.c_str());
    for (const auto* key : {"file", "record", "content", "value", "executed", "status_word", "data", "counter", "hint"})
        if (const auto text = text_of(answer, key); !text.empty()) std::printf("  %-11s %s\n", key, text.c_str());
}

void operate(invocation& run, const char* kind, const operation_options& options) {
    const auto request = request_of(kind, options);
    if (!request) return refuse(run, request.error());
    const auto answer =
        ask_owner(run, {"POST", "/v1/cards/" + options.card + "/operations", json::serialize(*request)});
    if (!answer) return;
    if (answer->status != 200) return refuse_with(run, answer->body);
    options.json ? print_json(answer->body) : print_answer(answer->body);
    if (text_of(answer->body, "outcome") != "done") run.status = exit_status::refused;
}

CLI::App* add_operation(CLI::App& card_command, invocation& run, const char* kind, const char* description,
                        const std::shared_ptr<operation_options>& options) {
    auto* command = card_command.add_subcommand(kind, description);
    add_request_options(*command, *options);
    auto* tar = command->add_option("--tar", options->tar, "application on the card (default b00010)");
    command->add_option("--application", options->application, "by its name in the profile's `tars`")->excludes(tar);
    command->callback([&run, kind, options] { operate(run, kind, *options); });
    return command;
}

void add_approval(CLI::App& command, const std::shared_ptr<operation_options>& options) {
    auto* approving = command.add_flag("--approve-danger", options->approve_danger,
                                       "take the responsibility for what can make the card useless");
    command.add_option("--by", options->by, "who does (default: whoever is logged in)")->needs(approving);
}

}  // namespace

void add_card_operations(CLI::App& card_command, invocation& run) {
    const auto writing = std::make_shared<operation_options>();
    auto* write = add_operation(card_command, run, "write", "a file of one card, now", writing);
    write->add_option("--file", writing->file, "path or name: 7f20/6f46, SPN")->required();
    write->add_option("--record", writing->record, "of a file with records")->check(CLI::Range(1, 254));
    auto* content = write->add_option("--content", writing->content, "in hex");
    write->add_option("--value", writing->value, "as JSON: {\"display\": \"Tessera\", \"flags\": 1}")
        ->excludes(content);
    write->add_option("--length", writing->length, "fill a value up to so many octets")->check(CLI::Range(1, 32'768));
    add_approval(*write, writing);

    const auto reading = std::make_shared<operation_options>();
    auto* read = add_operation(card_command, run, "read", "a file of one card, now", reading);
    read->add_option("--file", reading->file, "path or name: 7f20/6f46, SPN")->required();
    read->add_option("--record", reading->record, "of a file with records")->check(CLI::Range(1, 254));

    const auto running = std::make_shared<operation_options>();
    auto* runs = add_operation(card_command, run, "run", "commands on one card, now, in one packet", running);
    runs->add_option("--apdu", running->commands, "in hex; several run one after another")->required();
    add_approval(*runs, running);

    const auto stepping = std::make_shared<operation_options>();
    auto* resync = add_operation(card_command, run, "resync",
                                 "find a counter that the card takes, for one that is ahead of the registry", stepping);
    resync->add_option("--counter", stepping->counter, "first value to try, ten hex digits (default: the next)");
    resync->add_option("--leap", stepping->leap, "how far beyond it to go (default 1048576)")
        ->check(CLI::Range(std::int64_t{0}, static_cast<std::int64_t>(limits::counter_leap_max)));
    add_approval(*resync, stepping);
}

}  // namespace tessera::app
