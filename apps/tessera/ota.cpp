// tessera ota: secured packets on the command line, JSON Lines in, JSON Lines out.
#include <CLI/CLI.hpp>
#include <array>

#include "tessera/commands.h"
#include "tessera/line_stream.h"
#include "tessera/ota_lines.h"

namespace tessera::app {
namespace {

struct verb_help {
    const char* name;
    const char* text;
};
constexpr std::array<verb_help, 5> helps = {{
    {"encode",
     "spi, kic, kid, kic_key, kid_key, tar, cntr, apdu (or format, apdus, chaining, indefinite), cc_len -> packet, "
     "user_data"},
    {"decode-command", "packet, kic_key, kid_key, format -> spi, kic, kid, tar, cntr, pcntr, apdu, apdus, verified"},
    {"decode-response",
     "packet, spi, kic, kid, kic_key, kid_key, cc_len, format -> status, cntr, pcntr, tar, data, executed, responses, "
     "sw, secured, verified"},
    {"segment", "packet, reference, reference_bits -> user_data"},
    {"reassemble", "user_data -> packet"},
}};

}  // namespace

void add_ota(CLI::App& app, invocation& run) {
    auto* ota =
        app.add_subcommand("ota", "secured packets: JSON Lines on standard input, JSON Lines on standard output");
    ota->require_subcommand(1);
    for (const auto& help : helps) {
        auto* verb = ota->add_subcommand(help.name, help.text);
        verb->callback([&run, name = help.name] {
            ota_lines lines;
            const auto all_good =
                answer_stream([&lines, verb = *ota_verb_from(name)](std::string_view line, std::string& out) {
                    return lines.answer(verb, line, out);
                });
            if (!all_good) return refuse(run, all_good.error());
            if (!*all_good) run.status = exit_status::refused;
        });
    }
}

}  // namespace tessera::app
