// card verify: what the card holds beside what its image says.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "tessera/commands.h"
#include "tessera/json_output.h"
#include "tessera/owner.h"
#include "tessera/request_options.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct verify_options : request_options {
    std::string tar;
    std::vector<std::string> files;
    int record = 0;
};

json::object request_of(const verify_options& options) {
    json::object made;
    if (!options.tar.empty()) made["tar"] = options.tar;
    put_request_options(made, options);
    if (options.files.empty()) return made;
    json::array files;
    for (const auto& file : options.files) {
        json::object one{{"file", file}};
        if (options.record != 0) one["record"] = options.record;
        files.push_back(std::move(one));
    }
    made["files"] = std::move(files);
    return made;
}

std::string with_value(const json::object& file, const std::string& prefix) {
    auto text = text_of(file, prefix + "content");
    if (const auto value = text_of(file, prefix + "value"); !value.empty()) text += "  " + value;
    return text;
}

void print_file(const json::object& file) {
    const auto record = text_of(file, "record");
    const auto state = text_of(file, "state");
    std::printf("%-10s %s%s%s%s", state.c_str(), text_of(file, "file").c_str(), record.empty() ? "" : " record ",
                record.c_str(), state == "unreadable" ? (": " + text_of(file, "cause")).c_str() : "");
    if (state == "differs" || state == "overtaken")
        std::printf("\n  expected  %s\n  found     %s\n", with_value(file, "expected_").c_str(),
                    with_value(file, "").c_str());
    else
        std::printf("  %s\n", with_value(file, "").c_str());
}

void verify(invocation& run, const verify_options& options) {
    if (options.record != 0 && options.files.size() != 1)
        return refuse(run, error{"bad_record", "--record", "goes with one --file"});
    const auto answer =
        ask_owner(run, {"POST", "/v1/cards/" + options.card + "/verify", json::serialize(request_of(options))});
    if (!answer) return;
    const auto& body = answer->body;
    if (answer->status != 200) return refuse_with(run, body);
    const auto& files = body.at("files").as_array();
    if (options.json) {
        print_json(body);
    } else {
        for (const auto& one : files) print_file(one.as_object());
        if (files.empty()) std::printf("the image knows no file of this card\n");
    }
    for (const auto* bad : {"differs", "unreadable", "overtaken"})
        if (text_of(body, bad) != "0") run.status = exit_status::refused;
}

}  // namespace

void add_card_verify(CLI::App& card_command, invocation& run) {
    const auto options = std::make_shared<verify_options>();
    auto* command = card_command.add_subcommand(
        "verify",
        "read a card's files now and compare them with its image, which follows; exit status 1: not all same");
    add_request_options(*command, *options);
    command->add_option("--file", options->files, "path or name; several; default: every file that the image knows")
        ->allow_extra_args(false);
    command->add_option("--record", options->record, "of a file with records (default: those that the image knows)")
        ->check(CLI::Range(1, 254));
    command->add_option("--tar", options->tar, "application on the card (default: the one that proved the file last)");
    command->callback([&run, options] { verify(run, *options); });
}

}  // namespace tessera::app
