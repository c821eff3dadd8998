// One line of `tessera ota`: a JSON object in, a JSON object out. No input or output of its own, so that tests and
// fuzzers call it as it is.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tessera::app {

enum class ota_verb { encode, decode_command, decode_response, segment, reassemble };
// encode, decode-command, decode-response, segment, reassemble
[[nodiscard]] std::optional<ota_verb> ota_verb_from(std::string_view name);

// Keeps a parser and a codec from line to line. Not thread safe.
class ota_lines {
public:
    ota_lines();
    ~ota_lines();
    ota_lines(ota_lines&&) noexcept;
    ota_lines& operator=(ota_lines&&) noexcept;

    // Appends the answer to `out`, without a line end. False if the line was bad: the answer is {"error":{...}} then.
    // A line longer than limits::json_line_octets is bad.
    bool answer(ota_verb verb, std::string_view line, std::string& out);

private:
    struct state;
    std::unique_ptr<state> state_;
};

// The same for a single line.
[[nodiscard]] std::string answer_line(ota_verb verb, std::string_view line);

// Cuts a stream into lines, whatever pieces it comes in; holds at most one line of limits::json_line_octets. LF and CR
// LF end a line; the end of the stream ends the last one. A longer line is handed on cut off, just above the limit, so
// that it is answered as too long; its rest is dropped.
class line_splitter {
public:
    // Calls on_line(std::string_view) for each line that `piece` completes; the view lives as long as the call.
    template <class OnLine>
    void feed(std::string_view piece, OnLine on_line) {
        while (!piece.empty()) {
            const auto end = piece.find('\n');
            const auto part = piece.substr(0, end);
            if (end == std::string_view::npos) {
                keep(part);
                return;
            }
            piece.remove_prefix(end + 1);
            if (kept_.empty() && fits(part)) {
                on_line(without_return(part));
                continue;
            }
            keep(part);
            on_line(without_return(kept_));
            kept_.clear();
        }
    }
    template <class OnLine>
    void finish(OnLine on_line) {
        if (!kept_.empty()) on_line(without_return(kept_));
        kept_.clear();
    }

private:
    static bool fits(std::string_view part);
    static std::string_view without_return(std::string_view line);
    void keep(std::string_view part);

    std::string kept_;
};

}  // namespace tessera::app
