#include "tessera/request_options.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

namespace tessera::app {

void add_request_options(CLI::App& command, request_options& into) {
    command.add_option("NAME", into.card, "ICCID, IMSI or MSISDN")
        ->required()
        ->check(CLI::Validator(
            [](std::string& text) {
                const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
                return digits ? std::string() : std::string("expected digits");
            },
            "DIGITS"));
    command.add_option("--spi", into.spi, "security of the packet (default 1639)");
    command.add_option("--kvn", into.kvn, "key set (default: the card's current one, else its highest)")
        ->check(CLI::Range(1, 15));
    command.add_option("--smsc", into.smsc, "of tessera.toml, or auto: by prefixes (default main)");
    command.add_option("--por-timeout", into.por_timeout, "wait for an answer (default 30s)");
    command.add_option("--attempts", into.attempts, "sendings of the same octets (default 3)")
        ->check(CLI::Range(1, 20));
    command.add_flag("--wait", into.wait, "until the card is free, instead of being refused");
    command.add_flag("--json", into.json, "print one JSON object");
}

void put_request_options(boost::json::object& request, const request_options& given) {
    if (!given.spi.empty()) request["spi"] = given.spi;
    if (given.kvn != 0) request["kvn"] = given.kvn;
    if (!given.smsc.empty()) request["smsc"] = given.smsc;
    if (!given.por_timeout.empty()) request["por_timeout"] = given.por_timeout;
    if (given.attempts != 0) request["attempts"] = given.attempts;
    if (given.wait) request["wait"] = true;
}

}  // namespace tessera::app
