#include "tessera/secret_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/hex.h"
#include "base/system_error.h"

namespace tessera::app {
namespace {

constexpr std::size_t input_octets_max = 512;

// Standard input without echo for as long as this lives.
class silent_terminal {
public:
    silent_terminal() : quiet_(tcgetattr(STDIN_FILENO, &before_) == 0) {
        auto silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        if (quiet_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    ~silent_terminal() {
        if (!quiet_) return;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        std::fputc('\n', stderr);
    }
    silent_terminal(const silent_terminal&) = delete;
    silent_terminal& operator=(const silent_terminal&) = delete;

private:
    termios before_{};
    bool quiet_;
};

// What was read, wiped with it.
struct text_room {
    std::array<char, input_octets_max> octets{};
    std::size_t size = 0;
    text_room() = default;
    text_room(const text_room&) = delete;
    text_room& operator=(const text_room&) = delete;
    ~text_room() { wipe({reinterpret_cast<std::uint8_t*>(octets.data()), octets.size()}); }
    [[nodiscard]] std::string_view text() const { return {octets.data(), size}; }
};

// To the end, or to the end of the line.
bool read_all(int descriptor, bool one_line, text_room& into) {
    while (into.size < into.octets.size()) {
        const auto room = one_line ? std::size_t{1} : into.octets.size() - into.size;
        const auto got = ::read(descriptor, into.octets.data() + into.size, room);
        if (got < 0) return false;
        if (got == 0) return true;
        into.size += static_cast<std::size_t>(got);
        if (one_line && into.octets[into.size - 1] == '\n') return true;
    }
    return true;
}

// Takes the blanks out of the line, in place.
std::size_t without_blanks(std::span<char> line) {
    const auto end =
        std::remove_if(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
    return static_cast<std::size_t>(end - line.begin());
}

result<brought_secret> parse(text_room& room, std::string_view field) {
    brought_secret made;
    const auto line_end = std::min(room.text().find('\n'), room.size);
    auto rest = room.text().substr(std::min(line_end + 1, room.size));
    rest = rest.substr(0, std::min(rest.find_first_of("\r\n"), rest.size()));
    constexpr std::size_t second_line_max = 40;
    if (!rest.empty() && rest.size() <= second_line_max) made.second_line = std::string(rest);
    const auto digits = without_blanks(std::span(room.octets).first(line_end));
    if (digits == 0 || digits % 2 != 0 || digits / 2 > secret::capacity)
        return failure("bad_hex", field, "expected a key in hexadecimal, in the first line");
    TESSERA_TRY(from_hex_into({room.octets.data(), digits}, made.octets.resize(digits / 2), field));
    return made;
}

}  // namespace

result<brought_secret> read_secret(const secret_source& from, const std::string& prompt, std::string_view field) {
    text_room room;
    bool others = false;
    bool read = false;
    errno = 0;
    if (from.file) {
        const int descriptor = ::open(from.file->c_str(), O_RDONLY | O_CLOEXEC);
        struct stat status {};
        read = descriptor >= 0 && ::fstat(descriptor, &status) == 0 && read_all(descriptor, false, room);
        others = S_ISREG(status.st_mode) && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
        const int why = errno;
        if (descriptor >= 0) ::close(descriptor);
        errno = why;
    } else if (from.descriptor) {
        read = read_all(*from.descriptor, false, room);
    } else if (isatty(STDIN_FILENO) == 1) {
        std::fprintf(stderr, "%s: ", prompt.c_str());
        const silent_terminal silent;
        read = read_all(STDIN_FILENO, true, room);
    } else {
        read = read_all(STDIN_FILENO, false, room);
    }
    if (!read)
        return failure("cannot_read", from.file ? *from.file : std::string(field), with_reason("cannot be read"));
    TESSERA_TRY_VALUE(auto made, parse(room, field));
    made.open_to_others = others;
    return made;
}

std::optional<std::string> ask(const std::string& prompt) {
    if (isatty(STDIN_FILENO) != 1) return std::nullopt;
    std::fprintf(stderr, "%s: ", prompt.c_str());
    text_room room;
    if (!read_all(STDIN_FILENO, true, room)) return std::nullopt;
    return std::string(room.octets.data(),
                       without_blanks(std::span(room.octets).first(std::min(room.text().find('\n'), room.size))));
}

}  // namespace tessera::app
