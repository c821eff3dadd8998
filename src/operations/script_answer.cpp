#include "operations/script_answer.h"

#include "codec/expanded_script.h"
#include "codec/remote_management.h"

namespace tessera::operations {
namespace {

std::optional<script_answer> parse_expanded(byte_view data) {
    constexpr std::uint16_t bad_format = 0x9000, chaining = 0x8300;
    const auto answer = codec::parse_expanded_response(data);
    if (!answer) return std::nullopt;
    script_answer made;
    if (answer->bad_format) made.refused = static_cast<std::uint16_t>(bad_format | *answer->bad_format);
    if (answer->chaining) made.refused = static_cast<std::uint16_t>(chaining | *answer->chaining);
    // 80 also counts what is no command, such as the script chaining TLV; the answers themselves are what was executed.
    made.executed = static_cast<std::uint8_t>(answer->responses.size());
    if (!answer->responses.empty()) {
        made.status_word = answer->responses.back().status_word;
        made.data = answer->responses.back().data;
    }
    if (made.executed == 0 && !made.refused) return std::nullopt;
    return made;
}

}  // namespace

std::optional<script_answer> parse_script_answer(script_format format, byte_view data) {
    if (format == script_format::expanded) return parse_expanded(data);
    const auto answer = codec::parse_compact_response(data);
    if (!answer || answer->executed == 0) return std::nullopt;
    return script_answer{answer->executed, answer->status_word, answer->data, std::nullopt};
}

}  // namespace tessera::operations
