// card msisdn, card swap: a subscriber gets another number, or another card.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>

#include "tessera/card_numbers.h"
#include "tessera/commands.h"
#include "tessera/data_directory.h"
#include "tessera/json_output.h"
#include "tessera/owner.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct move_options {
    std::string card, other, file;
    bool none = false, json = false;
};

void print_changed(const json::object& made, bool as_json) {
    if (as_json) return print_json(made);
    const auto& changed = made.at("changed").as_array();
    const auto text = [](const json::value& one) {
        return one.is_null() ? std::string("none") : std::string(one.as_string());
    };
    for (const auto& one : changed)
        std::printf("%s  %s -> %s\n", text(one.at("iccid")).c_str(), text(one.at("before")).c_str(),
                    text(one.at("msisdn")).c_str());
    if (changed.empty()) std::printf("nothing changed\n");
}

void ask(invocation& run, const move_options& options, const std::string& verb, const json::object& body) {
    const auto answer = ask_owner(run, {"POST", "/v1/cards/" + options.card + "/" + verb, json::serialize(body)});
    if (!answer) return;
    if (answer->status == 200) return print_changed(answer->body, options.json);
    refuse_with(run, answer->body);
}

void change_by_file(invocation& run, const move_options& options) {
    const auto changes = cards::read_number_changes(options.file);
    if (!changes) return refuse(run, changes.error());
    auto data = open_beside(run.where, store::access::write);
    if (!data) return refuse(run, data.error());
    store::shared_writer writer;
    writer.connection = data->writer.get();
    const auto made = change_numbers(writer, *changes);
    if (!made) return refuse(run, made.error());
    print_changed(*made, options.json);
}

void change(invocation& run, const move_options& options) {
    const bool by_file = !options.file.empty();
    if (by_file && options.card.empty()) return change_by_file(run, options);
    if (by_file || options.card.empty() || options.other.empty() != options.none)
        return refuse(run,
                      error{"bad_msisdn", "card msisdn", "expected ICCID and MSISDN, ICCID --none, or --file FILE"});
    ask(run, options, "msisdn", {{"msisdn", options.none ? json::value(nullptr) : json::value(options.other)}});
}

}  // namespace

void add_card_moves(CLI::App& card_command, invocation& run) {
    const auto digits = CLI::Validator(
        [](std::string& text) {
            const auto first = text.starts_with('+') ? 1U : 0U;
            const bool good = text.size() > first && text.find_first_not_of("0123456789", first) == std::string::npos;
            return good ? std::string() : std::string("expected digits");
        },
        "DIGITS");
    const auto changing = std::make_shared<move_options>();
    auto* msisdn = card_command.add_subcommand("msisdn", "give a card another MSISDN, or many from a file");
    msisdn->add_option("ICCID", changing->card, "the card")->check(digits);
    msisdn->add_option("MSISDN", changing->other, "its new number")->check(digits);
    msisdn->add_flag("--none", changing->none, "it has no number any more");
    msisdn->add_option("--file", changing->file, "CSV with the columns iccid,msisdn; all changes or none");
    msisdn->add_flag("--json", changing->json, "print one JSON object");
    msisdn->callback([&run, changing] { change(run, *changing); });

    const auto swapping = std::make_shared<move_options>();
    auto* swap = card_command.add_subcommand("swap", "another card takes a card's place: the MSISDN goes to it");
    swap->add_option("OLD", swapping->card, "ICCID of the card that had the number")->required()->check(digits);
    swap->add_option("NEW", swapping->other, "ICCID of the card that gets it")->required()->check(digits);
    swap->add_flag("--json", swapping->json, "print one JSON object");
    swap->callback([&run, swapping] { ask(run, *swapping, "swap", {{"iccid", swapping->other}}); });
}

}  // namespace tessera::app
