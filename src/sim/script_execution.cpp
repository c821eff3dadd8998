#include "sim/script_execution.h"

#include <algorithm>

#include "codec/remote_management.h"
#include "sim/limits.h"

namespace tessera::sim {
namespace {

constexpr std::uint8_t tag_definite = 0xaa, tag_indefinite = 0xae;
constexpr std::uint16_t done = 0x9000, wrong_length = 0x6700, wrong_instruction = 0x6d00;
constexpr std::uint8_t no_previous_script = 0x01;

// In the expanded format a command without Le asks for no data (ETSI TS 102 226 clause 5.2.2.1.1).
byte_view wanted(byte_view data, const codec::command_apdu& command) {
    return command.expected ? data.first(std::min<std::size_t>(data.size(), *command.expected)) : byte_view();
}

}  // namespace

bool is_expanded(byte_view script) {
    return !script.empty() && (script[0] == tag_definite || script[0] == tag_indefinite);
}

void run_compact(byte_view script, command_target& target, bytes& response) {
    std::uint8_t executed = 0;
    command_answer last{done, {}};
    while (!script.empty() && executed < limits::script_commands) {
        ++executed;
        const auto command = codec::take_compact_command(script);
        if (!command) {
            last = {command.error().code == "truncated" ? wrong_length : wrong_instruction, {}};
            break;
        }
        last = target.run_command(*command);
        if (!codec::is_success(last.status_word)) break;
    }
    codec::append_compact_response(response,
                                   {.executed = executed, .status_word = last.status_word, .data = last.data});
}

chain_step chain_step_of(byte_view script) {
    auto reader = codec::expanded_script_reader::open(script);
    if (!reader) return chain_step::none;
    const auto first = reader->next();
    if (!first || !*first || (*first)->tag != codec::script_tag::chaining || (*first)->value.size() != 1)
        return chain_step::none;
    switch (static_cast<codec::script_chaining>((*first)->value[0])) {
        case codec::script_chaining::first:
        case codec::script_chaining::first_kept:
            return chain_step::first;
        case codec::script_chaining::subsequent:
            return chain_step::subsequent;
        case codec::script_chaining::last:
            return chain_step::last;
    }
    return chain_step::none;
}

bool run_expanded(byte_view script, command_target& target, bytes& response) {
    codec::expanded_response made;
    std::vector<bytes> kept;  // the data of each answer, since the target's own is gone with the next
    std::uint32_t executed = 0;
    bool good = true;
    auto reader = codec::expanded_script_reader::open(script);
    if (!reader) {
        made.bad_format = static_cast<std::uint8_t>(codec::fault_of(reader.error()));
        good = false;
    }
    kept.reserve(limits::script_commands);
    while (good && executed < limits::script_commands) {
        const auto element = reader->next();
        if (!element) {
            made.bad_format = static_cast<std::uint8_t>(codec::fault_of(element.error()));
            good = false;
            break;
        }
        if (!*element) break;
        ++executed;
        // Proactive commands are not for cards without a terminal; they are passed over.
        if ((*element)->tag != codec::script_tag::command) continue;
        const auto command = codec::parse_apdu((*element)->value);
        const auto answer = command ? target.run_command(*command) : command_answer{wrong_length, {}};
        kept.push_back(to_bytes(command ? wanted(answer.data, *command) : byte_view()));
        made.responses.push_back({kept.back(), answer.status_word});
        good = codec::is_success(answer.status_word);
    }
    made.indefinite = !script.empty() && script[0] == tag_indefinite;
    if (!made.indefinite) made.executed = executed;
    codec::append_expanded_response(response, made);
    return good;
}

void refuse_chain(byte_view script, bytes& response) {
    codec::expanded_response made;
    made.indefinite = !script.empty() && script[0] == tag_indefinite;
    if (!made.indefinite) made.executed = 0;
    made.chaining = no_previous_script;
    codec::append_expanded_response(response, made);
}

}  // namespace tessera::sim
