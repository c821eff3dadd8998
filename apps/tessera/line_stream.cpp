#include "tessera/line_stream.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

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

}  // namespace

result<bool> answer_stream(const answer_line_function& answer) {
    std::array<char, piece_octets> piece{};
    line_splitter splitter;
    std::string out;
    bool all_good = true;
    const auto on_line = [&](std::string_view line) {
        all_good = answer(line, out) && all_good;
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

}  // namespace tessera::app
