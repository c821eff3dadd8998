#include "tessera/ota_scripts.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>

#include "codec/apdu.h"
#include "codec/expanded_script.h"
#include "codec/remote_management.h"

namespace tessera::app::ota {
namespace {

enum class script_format : std::uint8_t { none, compact, expanded };
constexpr std::size_t apdus_max = 256;

struct chaining_name {
    std::string_view name;
    codec::script_chaining value;
};
constexpr std::array<chaining_name, 4> chaining_names{{{"first", codec::script_chaining::first},
                                                       {"first-kept", codec::script_chaining::first_kept},
                                                       {"subsequent", codec::script_chaining::subsequent},
                                                       {"last", codec::script_chaining::last}}};

result<script_format> format_of(const line_object& line) {
    if (find(line, "format") == nullptr) return script_format::none;
    TESSERA_TRY_VALUE(const auto name, text_of(line, "format"));
    if (name == "compact") return script_format::compact;
    if (name == "expanded") return script_format::expanded;
    return failure("bad_value", "format", "expected compact or expanded");
}

result<std::vector<bytes>> listed_apdus(const boost::json::value& list) {
    if (!list.is_array()) return failure("bad_type", "apdus", "expected a list of hexadecimal texts");
    if (list.get_array().size() > apdus_max) return failure("too_long", "apdus", "a script holds at most 256 commands");
    std::vector<bytes> made;
    for (const auto& one : list.get_array()) {
        const auto field = "apdus[" + std::to_string(made.size()) + "]";
        if (!one.is_string()) return failure("bad_type", field, "expected hexadecimal text");
        TESSERA_TRY_VALUE(auto octets, from_hex({one.get_string().data(), one.get_string().size()}, field));
        if (octets.empty()) return failure("bad_length", field, "is empty");
        made.push_back(std::move(octets));
    }
    if (made.empty()) return failure("bad_length", "apdus", "holds no command");
    return made;
}

// `apdus`, or what `apdu` holds: one command, or several one after another.
result<std::vector<bytes>> apdus_of(const line_object& line) {
    if (const auto* list = find(line, "apdus")) {
        if (find(line, "apdu") != nullptr) return failure("bad_value", "apdu", "apdu and apdus: one of them, not both");
        return listed_apdus(*list);
    }
    TESSERA_TRY_VALUE(auto octets, octets_of(line, "apdu"));
    if (codec::parse_apdu(octets)) return std::vector<bytes>{std::move(octets)};
    auto commands = codec::parse_compact_script(octets);
    if (!commands) return failure(commands.error().code, "apdu", std::move(commands.error().message));
    std::vector<bytes> made;
    for (const auto& command : *commands) codec::append_apdu(made.emplace_back(), command);
    return made;
}

result<bool> flag_of(const line_object& line, std::string_view field) {
    const auto* value = find(line, field);
    if (value == nullptr) return false;
    if (!value->is_bool()) return failure("bad_type", field, "expected true or false");
    return value->get_bool();
}

result<std::optional<std::uint8_t>> chaining_of(const line_object& line) {
    if (find(line, "chaining") == nullptr) return std::nullopt;
    TESSERA_TRY_VALUE(const auto name, text_of(line, "chaining"));
    const auto* found = std::ranges::find(chaining_names, name, &chaining_name::name);
    if (found == chaining_names.end())
        return failure("bad_value", "chaining", "expected first, first-kept, subsequent or last");
    return static_cast<std::uint8_t>(found->value);
}

result<bytes> expanded(const line_object& line, const std::vector<bytes>& apdus) {
    codec::expanded_script script;
    TESSERA_TRY_VALUE(script.indefinite, flag_of(line, "indefinite"));
    TESSERA_TRY_VALUE(const auto chaining, chaining_of(line));
    if (chaining) script.elements.push_back({codec::script_tag::chaining, byte_view(&*chaining, 1)});
    for (const auto& one : apdus) script.elements.push_back({codec::script_tag::command, one});
    bytes out;
    codec::append_expanded_script(out, script);
    return out;
}

}  // namespace

result<bytes> script_of(const line_object& line) {
    TESSERA_TRY_VALUE(const auto format, format_of(line));
    for (const std::string_view field : {"chaining", "indefinite"})
        if (format != script_format::expanded && find(line, field) != nullptr)
            return failure("bad_value", field, "goes with format expanded only");
    if (format != script_format::expanded && find(line, "apdus") == nullptr) return octets_of(line, "apdu");
    TESSERA_TRY_VALUE(const auto apdus, apdus_of(line));
    std::size_t octets = 0;
    for (const auto& one : apdus) octets += one.size();
    constexpr std::size_t script_octets_max = 60'000;  // far beyond any packet
    if (octets > script_octets_max) return failure("too_long", "apdus", "no packet holds so many octets");
    if (format == script_format::expanded) return expanded(line, apdus);
    bytes out;
    for (const auto& one : apdus) append(out, one);
    return out;
}

result<void> describe_script(const line_object& line, byte_view data, answer_object& answer) {
    TESSERA_TRY_VALUE(const auto format, format_of(line));
    if (format == script_format::none) return {};
    std::vector<bytes> apdus;
    if (format == script_format::compact) {
        auto commands = codec::parse_compact_script(data);
        if (!commands) return failure("bad_script", commands.error().field, std::move(commands.error().message));
        for (const auto& command : *commands) codec::append_apdu(apdus.emplace_back(), command);
        answer.hex_list("apdus", apdus);
        return {};
    }
    auto script = codec::parse_expanded_script(data);
    if (!script) return failure("bad_script", script.error().field, std::move(script.error().message));
    std::vector<bytes> immediate_actions;
    std::vector<bytes> error_actions;
    for (const auto& one : script->elements) {
        if (one.tag == codec::script_tag::command) apdus.push_back(to_bytes(one.value));
        if (one.tag == codec::script_tag::immediate_action) immediate_actions.push_back(to_bytes(one.value));
        if (one.tag == codec::script_tag::error_action) error_actions.push_back(to_bytes(one.value));
        if (one.tag != codec::script_tag::chaining) continue;
        const auto value = static_cast<codec::script_chaining>(one.value[0]);
        answer.word("chaining", std::ranges::find(chaining_names, value, &chaining_name::value)->name);
    }
    answer.truth("indefinite", script->indefinite);
    answer.hex_list("apdus", apdus);
    if (!immediate_actions.empty()) answer.hex_list("immediate_actions", immediate_actions);
    if (!error_actions.empty()) answer.hex_list("error_actions", error_actions);
    return {};
}

result<void> describe_response(const line_object& line, byte_view data, answer_object& answer) {
    TESSERA_TRY_VALUE(const auto format, format_of(line));
    if (format == script_format::none || data.empty()) return {};
    const auto status_word = [&](std::uint16_t word) {
        const std::array octets{static_cast<std::uint8_t>(word >> 8U), static_cast<std::uint8_t>(word & 0xffU)};
        answer.hex("sw", octets);
    };
    if (format == script_format::compact) {
        auto response = codec::parse_compact_response(data);
        if (!response) return failure("bad_response", "packet", std::move(response.error().message));
        answer.number("executed", response->executed);
        status_word(response->status_word);
        answer.hex("response", response->data);
        return {};
    }
    auto response = codec::parse_expanded_response(data);
    if (!response) return failure("bad_response", "packet", std::move(response.error().message));
    if (response->executed) answer.number("executed", *response->executed);
    std::vector<bytes> responses;
    for (const auto& one : response->responses) {
        auto& octets = responses.emplace_back(to_bytes(one.data));
        append_big_endian(octets, one.status_word, 2);
    }
    answer.hex_list("responses", responses);
    if (!response->responses.empty()) status_word(response->responses.back().status_word);
    if (response->bad_format) answer.number("bad_format", *response->bad_format);
    if (response->chaining) answer.number("chaining", *response->chaining);
    return {};
}

}  // namespace tessera::app::ota
