// tessera ef: what stands in the files of a card, by name and value.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "tessera/commands.h"
#include "tessera/ef_lines.h"
#include "tessera/json_output.h"
#include "tessera/line_stream.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct ef_options {
    std::string file, given;
    std::optional<std::size_t> length;
    bool json = false;
};

void answer_stdin(invocation& run, ef_verb verb) {
    const auto all_good =
        answer_stream([verb](std::string_view line, std::string& out) { return answer_ef_line(verb, line, out); });
    if (!all_good) return refuse(run, all_good.error());
    if (!*all_good) run.status = exit_status::refused;
}

void answer_words(invocation& run, ef_verb verb, const ef_options& options) {
    json::object line{{"file", options.file}};
    if (verb == ef_verb::encode) {
        json::error_code problem;
        line["value"] = json::parse(options.given, problem);
        if (problem) return refuse(run, error{"bad_json", "VALUE", "is no JSON: " + problem.message()});
        if (options.length) line["length"] = *options.length;
    } else {
        line["content"] = options.given;
    }
    const auto answer = answer_ef_object(verb, line);
    if (!answer) return refuse(run, answer.error());
    if (options.json) return print_json(*answer);
    if (verb == ef_verb::encode)
        std::printf("%s\n", answer->at("content").as_string().c_str());
    else
        std::printf("%s\n", json::serialize(answer->at("value")).c_str());
}

void add_verb(CLI::App& ef, invocation& run, ef_verb verb) {
    const bool encode = verb == ef_verb::encode;
    const auto options = std::make_shared<ef_options>();
    auto* command =
        ef.add_subcommand(encode ? "encode" : "decode",
                          encode ? "a value into octets; without arguments JSON Lines: {file, value, length} "
                                   "-> {file, content}"
                                 : "octets into a value; without arguments JSON Lines: {file, content} -> "
                                   "{file, value}");
    auto* file = command->add_option("FILE", options->file, "SPN, gsm/SPN, ..., or a path as 7fff/6f46");
    auto* given = encode ? command->add_option("VALUE", options->given, "in JSON, as `tessera ef list` shows it")
                         : command->add_option("CONTENT", options->given, "in hexadecimal");
    file->needs(given);
    if (encode)
        command->add_option("--length", options->length, "octets of the file or record, filled up with unused ones")
            ->needs(file);
    command->add_flag("--json", options->json, "print one JSON object")->needs(file);
    command->callback([&run, verb, options, file] {
        if (file->empty())
            answer_stdin(run, verb);
        else
            answer_words(run, verb, *options);
    });
}

std::string marks_of(const codec::uicc_file& file) {
    std::string marks;
    if (!file.written_over_the_air) marks += "  (not written over the air)";
    if (file.dangerous) marks += "  (a wrong value keeps the card from the network)";
    return marks;
}

// 17; 40+ where a card may have more.
std::string octets_of(const codec::uicc_file& file) {
    return std::to_string(file.octets.usual) + (file.octets.most > file.octets.usual ? "+" : " ");
}

void list(bool as_json) {
    for (const auto& file : codec::uicc_files()) {
        if (as_json) {
            print_json(to_json(file));
            continue;
        }
        std::printf("%-14s %-10s %-12s %4s octets  %-18s %s%s\n", codec::name_of(file).c_str(),
                    std::string(file.path).c_str(), std::string(codec::to_string(file.structure)).c_str(),
                    octets_of(file).c_str(), std::string(file.clause).c_str(), std::string(file.example).c_str(),
                    marks_of(file).c_str());
    }
}

}  // namespace

void add_ef(CLI::App& app, invocation& run) {
    auto* ef = app.add_subcommand("ef", "files of a card by name and value");
    ef->require_subcommand(1);
    add_verb(*ef, run, ef_verb::encode);
    add_verb(*ef, run, ef_verb::decode);
    const auto as_json = std::make_shared<bool>(false);
    auto* listing = ef->add_subcommand("list", "the files that are known, each with an example of its value");
    listing->add_flag("--json", *as_json, "print JSON Lines");
    listing->callback([as_json] { list(*as_json); });
}

}  // namespace tessera::app
