// tessera ota: secured packets on the command line, JSON Lines in, JSON Lines out.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "tessera/commands.h"
#include "tessera/ota_lines.h"

namespace tessera::app {
namespace {

constexpr std::size_t piece_octets = 65'536;

result<void> write_all(std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failure("write_failed", "standard output", std::strerror(errno));
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

result<std::size_t> read_piece(std::array<char, piece_octets>& piece) {
    for (;;) {
        const auto got = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) return failure("read_failed", "standard input", std::strerror(errno));
    }
}

// Answers go out before the next piece is waited for, so that a program may hold a conversation with this one.
result<bool> answer_stream(ota_verb verb) {
    std::array<char, piece_octets> piece{};
    ota_lines lines;
    line_splitter splitter;
    std::string out;
    bool all_good = true;
    const auto on_line = [&](std::string_view line) {
        all_good = lines.answer(verb, line, out) && all_good;
        out.push_back('\n');
    };
    for (;;) {
        TESSERA_TRY_VALUE(const auto octets, read_piece(piece));
        if (octets == 0) break;
        splitter.feed({piece.data(), octets}, on_line);
        TESSERA_TRY(write_all(out));
        out.clear();
    }
    splitter.finish(on_line);
    TESSERA_TRY(write_all(out));
    return all_good;
}

struct verb_help {
    const char* name;
    const char* text;
};
constexpr std::array<verb_help, 5> helps = {{
    {"encode", "spi, kic, kid, kic_key, kid_key, tar, cntr, apdu, cc_len -> packet, user_data"},
    {"decode-command", "packet, kic_key, kid_key -> spi, kic, kid, tar, cntr, pcntr, apdu, verified"},
    {"decode-response",
     "packet, spi, kic, kid, kic_key, kid_key, cc_len -> status, cntr, pcntr, tar, data, secured, verified"},
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
            const auto all_good = answer_stream(*ota_verb_from(name));
            if (!all_good) return refuse(run, all_good.error());
            if (!*all_good) run.status = exit_status::refused;
        });
    }
}

}  // namespace tessera::app
