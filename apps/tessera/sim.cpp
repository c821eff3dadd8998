// tessera sim: the world outside, as a process of its own. It needs no data directory.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "net/event_loop.h"
#include "sim/faults.h"
#include "sim/smsc.h"
#include "sim/smsc_server.h"
#include "sim/terminal_interface.h"
#include "sim/vpcd_client.h"
#include "tessera/commands.h"

namespace tessera::app {
namespace {

struct smsc_arguments {
    std::vector<std::string> listen{"127.0.0.1:2775"};
    std::filesystem::path cards;
    std::filesystem::path faults;
    std::uint64_t seed = 1;
    std::size_t window = sim::limits::deliver_window;
    std::string system_id;
    std::string password;
    std::uint32_t rate = 0;
    sim::smsc_tls tls;
};

struct card_arguments {
    std::string iccid;
    std::string smsc = "127.0.0.1:2775";
    std::string file;
    std::string imei, to, begins_with;  // of a phone that is switched on
    std::filesystem::path cards;
    std::string vpcd;
    sim::terminal_faults faults;
};

result<void> run_smsc(const smsc_arguments& arguments) {
    sim::smsc_options options;
    options.window = arguments.window;
    options.rate = arguments.rate;
    options.faults.seed = arguments.seed;
    if (!arguments.faults.empty()) {
        TESSERA_TRY_VALUE(options.faults, sim::fault_plan::load(arguments.faults, arguments.seed));
    }
    if (!arguments.system_id.empty()) options.system_id = arguments.system_id;
    if (!arguments.password.empty()) options.password = arguments.password;
    TESSERA_TRY_VALUE(auto list, sim::card_list::load(arguments.cards));
    const auto drop_link_every = options.faults.drop_link_every;
    sim::simulated_cards cards(std::move(list));
    net::event_loop loop;
    std::vector<std::unique_ptr<sim::smsc>> centres;
    std::vector<std::unique_ptr<sim::smsc_server>> servers;
    for (const auto& address : arguments.listen) {
        options.first = centres.empty();
        centres.push_back(std::make_unique<sim::smsc>(cards, options));
        TESSERA_TRY_VALUE(auto server,
                          sim::smsc_server::listen(loop, address, *centres.back(), drop_link_every, arguments.tls));
        servers.push_back(std::move(server));
        servers.back()->stop_on_signals();
    }
    log_info("sim: " + std::to_string(cards.list().size()) + " cards");
    for (const auto& server : servers) std::printf("listening on %s\n", server->address().c_str());
    std::fflush(stdout);
    loop.run();
    for (const auto& centre : centres) {
        const auto& numbers = centre->statistics();
        log_info("sim: stopped after " + std::to_string(numbers.submits) + " submits, " +
                 std::to_string(numbers.executed) + " packets executed, " + std::to_string(numbers.refused) +
                 " refused");
    }
    return {};
}

result<void> ask(const card_arguments& arguments, const boost::json::object& question, std::string_view expected) {
    TESSERA_TRY_VALUE(const auto line, sim::ask_control_channel(arguments.smsc, boost::json::serialize(question)));
    boost::system::error_code problem;
    const auto answer = boost::json::parse(line, problem);
    const auto* said = problem ? nullptr : answer.if_object();
    if (said == nullptr) return failure("bad_answer", "smsc", arguments.smsc + " is not a simulator's control channel");
    if (const auto* refused = said->if_contains("error"); refused != nullptr && refused->is_object()) {
        const auto text = [&](std::string_view key) {
            const auto* value = refused->get_object().if_contains(key);
            return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
        };
        return failure(text("code"), text("field"), text("message"));
    }
    if (!said->contains(expected))
        return failure("bad_answer", "smsc", arguments.smsc + " is not a simulator's control channel");
    std::printf("%s\n", line.c_str());
    return {};
}

result<void> show_card(const card_arguments& arguments) {
    return ask(arguments, {{"card", arguments.iccid}, {"file", arguments.file}}, "iccid");
}

result<void> switch_phone_on(const card_arguments& arguments) {
    return ask(arguments,
               {{"card", arguments.iccid},
                {"phone", arguments.imei},
                {"to", arguments.to},
                {"begins_with", arguments.begins_with}},
               "sends");
}

// A card of its own in a virtual reader.
result<void> insert_card(const card_arguments& arguments) {
    TESSERA_TRY_VALUE(auto list, sim::card_list::load(arguments.cards));
    const auto card = list.by_iccid(arguments.iccid);
    if (card == sim::no_card)
        return failure("not_found", arguments.iccid, "is no ICCID of " + arguments.cards.string());
    if (list.at(card).port != 0)
        return failure("wrong_kind", arguments.iccid, "is a mobile terminal, and goes into no reader");
    sim::simulated_cards cards(std::move(list));
    sim::terminal_interface contacts(cards, card, arguments.faults);
    return sim::serve_vpcd(arguments.vpcd, contacts, system_clock(), [] {
        std::printf("inserted\n");
        std::fflush(stdout);
    });
}

void add_smsc(CLI::App& parent, invocation& run) {
    auto* command =
        parent.add_subcommand("smsc", "serve SMPP for simulated cards, until SIGTERM or the control channel");
    auto arguments = std::make_shared<smsc_arguments>();
    command
        ->add_option("--listen", arguments->listen,
                     "HOST:PORT; port 0 takes a free one; several: so many centres before the same cards")
        ->capture_default_str();
    command->add_option("--cards", arguments->cards, "CSV as for card import")->required();
    command->add_option("--faults", arguments->faults, "TOML of what goes wrong, and how often");
    command->add_option("--seed", arguments->seed, "of the faults")->capture_default_str();
    command->add_option("--window", arguments->window, "deliver_sm without answer per link")
        ->check(CLI::Range(std::size_t{1}, sim::limits::deliver_window_max))
        ->capture_default_str();
    command->add_option("--system-id", arguments->system_id, "the only one to accept; without, any");
    command->add_option("--password", arguments->password, "the only one to accept; without, any");
    command->add_option("--rate", arguments->rate, "submit_sm per second that each centre takes; more are throttled")
        ->check(CLI::Range(std::uint32_t{0}, std::uint32_t{10'000'000}));
    auto* certificate = command->add_option("--tls-cert", arguments->tls.certificate, "PEM; SMPP over TLS");
    auto* key = command->add_option("--tls-key", arguments->tls.key, "PEM; of that certificate");
    certificate->needs(key);
    key->needs(certificate);
    command->add_option("--tls-ca", arguments->tls.client_authorities, "PEM; links must show a certificate from these")
        ->needs(certificate);
    command->callback([arguments, &run] {
        if (const auto outcome = run_smsc(*arguments); !outcome) refuse(run, outcome.error());
    });
}

void add_card_reading(CLI::App& parent, invocation& run) {
    auto* command =
        parent.add_subcommand("card", "a simulated card: read a file of it at a simulator, or put it into a reader");
    auto arguments = std::make_shared<card_arguments>();
    command->add_option("iccid,--iccid", arguments->iccid, "ICCID")->required();
    command->add_option("--smsc", arguments->smsc, "HOST:PORT of the simulator")->capture_default_str();
    auto* file = command->add_option("--file", arguments->file, "path, as 7f20/6f46");
    command->add_flag("--json")->description("the answer is JSON in any case");
    auto* vpcd = command->add_option("--vpcd", arguments->vpcd, "HOST:PORT of a virtual reader (vsmartcard's vpcd)");
    auto* cards = command->add_option("--cards", arguments->cards, "CSV as for card import; with --vpcd");
    vpcd->needs(cards)->excludes(file);
    command->add_option("--busy", arguments->faults.busy, "so many ENVELOPEs are answered 9300 first")->needs(vpcd);
    command->add_option("--leave-after", arguments->faults.leave_after, "it is taken out after so many commands")
        ->needs(vpcd);
    command->callback([arguments, &run] {
        if (arguments->vpcd.empty() && arguments->file.empty()) throw CLI::RequiredError("--file or --vpcd");
        const auto outcome = arguments->vpcd.empty() ? show_card(*arguments) : insert_card(*arguments);
        if (!outcome) refuse(run, outcome.error());
    });
}

void add_phone(CLI::App& parent, invocation& run) {
    auto* command = parent.add_subcommand("phone", "switch on a phone with a simulated card, whose applet tells so");
    auto arguments = std::make_shared<card_arguments>();
    command->add_option("ICCID", arguments->iccid, "the card")->required();
    command->add_option("--imei", arguments->imei, "of the phone: 15 digits, or 16 of an IMEISV")->required();
    command->add_option("--to", arguments->to, "the number that the applet sends to")->required();
    command->add_option("--begins-with", arguments->begins_with, "octets before the TLV of the IMEI");
    command->add_option("--smsc", arguments->smsc, "HOST:PORT of the simulator")->capture_default_str();
    command->callback([arguments, &run] {
        if (const auto outcome = switch_phone_on(*arguments); !outcome) refuse(run, outcome.error());
    });
}

}  // namespace

void add_sim(CLI::App& app, invocation& run) {
    auto* command = app.add_subcommand("sim", "the simulated world: an SMSC with cards, a card in a reader");
    command->require_subcommand(1);
    add_smsc(*command, run);
    add_card_reading(*command, run);
    add_phone(*command, run);
}

}  // namespace tessera::app
