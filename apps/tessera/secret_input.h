// Secrets that people bring: from a prompt without echo, a file or a descriptor; never from the command line.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace tessera::app {

struct secret_source {
    std::optional<std::string> file;
    std::optional<int> descriptor;  // else standard input: a prompt if it is a terminal
};

struct brought_secret {
    secret octets;
    std::optional<std::string> second_line;  // what stands behind the secret: a check value, which is none
    bool open_to_others = false;             // the file may be read by others than its owner
};

// Hexadecimal in one line, blanks between groups allowed. Errors: cannot_read, bad_hex; they say nothing of it.
[[nodiscard]] result<brought_secret> read_secret(const secret_source& from, const std::string& prompt,
                                                 std::string_view field);
// A line from the terminal, with echo; nothing where standard input is none.
[[nodiscard]] std::optional<std::string> ask(const std::string& prompt);

}  // namespace tessera::app
