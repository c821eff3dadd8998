#include "base/toml_screen.h"

namespace tessera {
namespace {

// A quote in the middle of a word begins no text; toml++ then reads what follows it as a word, too.
bool begins_text(std::string_view line, std::size_t at) {
    return at == 0 || std::string_view(" \t=[{,.\"'").find(line[at - 1]) != std::string_view::npos;
}

bool foreign_letter_outside_quotes(std::string_view line) {
    char quote = 0;
    bool words_only = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (quote != 0) {
            if (c == '\\' && quote == '"')
                ++at;
            else if (c == quote)
                quote = 0;
        } else if (!words_only && (c == '"' || c == '\'')) {
            if (begins_text(line, at))
                quote = c;
            else
                words_only = true;
        } else if (c == '#') {
            return false;
        } else if (static_cast<unsigned char>(c) > 0x7f) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::optional<toml_objection> screen_toml(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto line = text.substr(0, text.find('\n'));
        if (foreign_letter_outside_quotes(line))
            return toml_objection{number,
                                  "letters beyond ASCII may stand in quotes (on one line) and in comments only"};
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
    }
    return std::nullopt;
}

}  // namespace tessera
