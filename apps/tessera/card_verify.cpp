// card verify: what the card holds beside what its image says.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "tessera/commands.h"
#include "tessera/json_output.h"
#include "tessera/owner.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct verify_options {
    std::string card, tar, spi, smsc, por_timeout;
    std::vector<std::string> files;
    int record = 0, kvn = 0, attempts = 0;
    bool wait = false, json = false;
};

json::object request_of(const verify_options& options) {
    json::object made;
    for (const auto& [key, text] : {std::pair{"tar", &options.tar}, std::pair{"spi", &options.spi},
                                    std::pair{"smsc", &options.smsc}, std::pair{"por_timeout", &options.por_timeout}})
        if (!text->empty()) made[key] = *text;
    if (options.kvn != 0) made["kvn"] = options.kvn;
    if (options.attempts != 0) made["attempts"] = options.attempts;
    if (options.wait) made["wait"] = true;
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

std::string text_of(const json::object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    if (found == nullptr || found->is_null()) return "";
    return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
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
    if (answer->status != 200) {
        if (options.json) print_json(body);
        refuse(run, error{text_of(body, "code"), text_of(body, "field"), text_of(body, "message")});
        if (text_of(body, "code") == "inhibited") run.status = exit_status::inhibited;
        return;
    }
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
    command->add_option("NAME", options->card, "ICCID, IMSI or MSISDN")
        ->required()
        ->check(CLI::Validator(
            [](std::string& text) {
                const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
                return digits ? std::string() : std::string("expected digits");
            },
            "DIGITS"));
    command->add_option("--file", options->files, "path or name; several; default: every file that the image knows")
        ->allow_extra_args(false);
    command->add_option("--record", options->record, "of a file with records (default: those that the image knows)")
        ->check(CLI::Range(1, 254));
    command->add_option("--tar", options->tar, "application on the card (default: the one that proved the file last)");
    command->add_option("--spi", options->spi, "security of the packet (default 1639)");
    command->add_option("--kvn", options->kvn, "key set (default: the card's highest)")->check(CLI::Range(1, 15));
    command->add_option("--smsc", options->smsc, "of tessera.toml (default main)");
    command->add_option("--por-timeout", options->por_timeout, "wait for an answer (default 30s)");
    command->add_option("--attempts", options->attempts, "sendings of the same octets (default 3)")
        ->check(CLI::Range(1, 20));
    command->add_flag("--wait", options->wait, "until the card is free, instead of being refused");
    command->add_flag("--json", options->json, "print one JSON object");
    command->callback([&run, options] { verify(run, *options); });
}

}  // namespace tessera::app
