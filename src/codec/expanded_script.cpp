#include "codec/expanded_script.h"

#include "codec/ber_tlv.h"

namespace tessera::codec {
namespace {

constexpr std::uint8_t tag_commands = 0xaa, tag_commands_indefinite = 0xae;
constexpr std::uint8_t tag_responses = 0xab, tag_responses_indefinite = 0xaf;
constexpr std::uint8_t tag_executed = 0x80, tag_response = 0x23, tag_bad_format = 0x90;
constexpr std::uint8_t tag_immediate_action = 0x81, tag_error_action = 0x82, tag_chaining = 0x83;
constexpr std::uint8_t indefinite_length = 0x80;
constexpr std::size_t end_of_contents_octets = 2;
constexpr std::size_t elements_max = 256;

constexpr std::string_view code_unknown_tag = "unknown_tag", code_wrong_length = "wrong_length",
                           code_length_not_found = "length_not_found";

bool known(std::uint8_t tag) {
    switch (static_cast<script_tag>(tag)) {
        case script_tag::command:
        case script_tag::immediate_action:
        case script_tag::error_action:
        case script_tag::chaining:
            return true;
    }
    return false;
}

bool known_chaining(byte_view value) {
    if (value.size() != 1) return false;
    switch (static_cast<script_chaining>(value[0])) {
        case script_chaining::first:
        case script_chaining::subsequent:
        case script_chaining::last:
        case script_chaining::first_kept:
            return true;
    }
    return false;
}

bool ends_contents(byte_view rest) { return rest.size() >= end_of_contents_octets && rest[0] == 0 && rest[1] == 0; }

// The contents of a template that may have either length. Errors: length_not_found, wrong_length.
result<byte_view> contents_of(byte_view rest, bool indefinite) {
    if (rest.empty()) return failure(code_length_not_found, "script", "the template has no length");
    if (indefinite) {
        if (rest[0] != indefinite_length)
            return failure(code_wrong_length, "script", "the template's tag asks for the indefinite length 80");
        return rest.subspan(1);
    }
    const auto length = take_ber_length(rest);
    if (!length) return failure(code_length_not_found, "script", "the template's length is none of 00..7f, 81, 82");
    if (*length != rest.size())
        return failure(
            code_wrong_length, "script",
            "the template says " + std::to_string(*length) + " octets, " + std::to_string(rest.size()) + " are there");
    return rest;
}

void append_template(bytes& out, std::uint8_t tag, std::uint8_t tag_indefinite, bool indefinite, byte_view contents) {
    if (!indefinite) return append_ber_tlv(out, tag, contents);
    out.push_back(tag_indefinite);
    out.push_back(indefinite_length);
    append(out, contents);
    append_big_endian(out, 0, end_of_contents_octets);
}

}  // namespace

result<expanded_script_reader> expanded_script_reader::open(byte_view script) {
    if (script.empty() || (script[0] != tag_commands && script[0] != tag_commands_indefinite))
        return failure(code_unknown_tag, "script", "a command scripting template begins with AA or AE");
    expanded_script_reader reader;
    reader.indefinite_ = script[0] == tag_commands_indefinite;
    TESSERA_TRY_VALUE(reader.rest_, contents_of(script.subspan(1), reader.indefinite_));
    return reader;
}

result<std::optional<script_element>> expanded_script_reader::next() {
    if (ended_ || (!indefinite_ && rest_.empty())) return std::nullopt;
    if (indefinite_ && ends_contents(rest_)) {
        ended_ = true;
        if (rest_.size() != end_of_contents_octets)
            return failure(code_wrong_length, "script", "octets stand behind the end of the template");
        return std::nullopt;
    }
    if (rest_.empty()) return failure(code_wrong_length, "script", "the template has no end");
    if (!known(rest_[0]))
        return failure(code_unknown_tag, "script",
                       "a command TLV is 22, 81, 82 or 83, not " + std::to_string(rest_[0]));
    script_element found{.tag = static_cast<script_tag>(rest_[0]), .value = {}};
    auto rest = rest_.subspan(1);
    const auto length = take_ber_length(rest);
    if (!length) return failure(code_length_not_found, "script", "a command TLV has no length");
    if (*length > rest.size())
        return failure(
            code_wrong_length, "script",
            "a command TLV says " + std::to_string(*length) + " octets, " + std::to_string(rest.size()) + " are there");
    found.value = rest.first(*length);
    rest_ = rest.subspan(*length);
    return found;
}

script_fault fault_of(const error& problem) {
    if (problem.code == code_wrong_length) return script_fault::wrong_length;
    return problem.code == code_length_not_found ? script_fault::length_not_found : script_fault::unknown_tag;
}

result<expanded_script> parse_expanded_script(byte_view script) {
    TESSERA_TRY_VALUE(auto reader, expanded_script_reader::open(script));
    expanded_script made{.indefinite = reader.indefinite(), .elements = {}};
    for (;;) {
        const auto field = "script element " + std::to_string(made.elements.size() + 1);
        auto element = reader.next();
        if (!element) return failure(element.error().code, field, std::move(element.error().message));
        if (!*element) return made;
        if (made.elements.size() == elements_max)
            return failure("too_many_commands", field, "a script holds at most 256 elements");
        const auto& one = **element;
        if (one.tag == script_tag::chaining && (!made.elements.empty() || !known_chaining(one.value)))
            return failure("bad_chaining", field, "a script chaining TLV stands first, and holds 01, 02, 03 or 11");
        made.elements.push_back(one);
    }
}

void append_expanded_script(bytes& out, const expanded_script& script) {
    bytes contents;
    for (const auto& one : script.elements) append_ber_tlv(contents, static_cast<std::uint8_t>(one.tag), one.value);
    append_template(out, tag_commands, tag_commands_indefinite, script.indefinite, contents);
}

namespace {

// One TLV of a response. Errors: wrong_length.
result<void> take_answer(const ber_tlv& one, expanded_response& into) {
    const auto wrong = [&](std::string_view what) {
        return failure(code_wrong_length, "response",
                       std::string(what) + " has " + std::to_string(one.value.size()) + " octets");
    };
    switch (one.tag) {
        case tag_executed:
            if (one.value.empty() || one.value.size() > 4) return wrong("the number of commands");
            into.executed = static_cast<std::uint32_t>(load_big_endian(one.value));
            return {};
        case tag_response:
            if (one.value.size() < 2) return wrong("an R-APDU");
            if (into.responses.size() == elements_max)
                return failure("too_many_commands", "response", "a script holds at most 256 elements");
            into.responses.push_back({one.value.first(one.value.size() - 2),
                                      static_cast<std::uint16_t>(load_big_endian(one.value.last(2)))});
            return {};
        case tag_immediate_action:
            into.immediate_action = one.value;
            return {};
        case tag_error_action:
            into.error_action = one.value;
            return {};
        case tag_chaining:
            if (one.value.size() != 1) return wrong("the script chaining result");
            into.chaining = one.value[0];
            return {};
        case tag_bad_format:
            if (one.value.size() != 1) return wrong("the bad format TLV");
            into.bad_format = one.value[0];
            return {};
        default:
            return {};
    }
}

}  // namespace

result<expanded_response> parse_expanded_response(byte_view data) {
    if (data.empty()) return failure("truncated", "response", "expected a response scripting template, got nothing");
    if (data[0] != tag_responses && data[0] != tag_responses_indefinite)
        return failure(code_unknown_tag, "response", "a response scripting template begins with AB or AF");
    expanded_response made;
    made.indefinite = data[0] == tag_responses_indefinite;
    auto rest = contents_of(data.subspan(1), made.indefinite);
    if (!rest) return failure(rest.error().code, "response", std::move(rest.error().message));
    for (;;) {
        if (!made.indefinite && rest->empty()) return made;
        if (made.indefinite && rest->size() == end_of_contents_octets && ends_contents(*rest)) return made;
        const auto one = take_ber_tlv(*rest);
        if (!one || (made.indefinite && one->tag == 0))
            return failure(code_wrong_length, "response", "the template ends within a TLV, or without its own end");
        TESSERA_TRY(take_answer(*one, made));
    }
}

void append_expanded_response(bytes& out, const expanded_response& response) {
    bytes contents;
    const auto octet = [&](std::uint8_t tag, const std::optional<std::uint8_t>& value) {
        if (value) append_ber_tlv(contents, tag, byte_view(&*value, 1));
    };
    if (response.executed) {
        bytes number;
        const auto value = *response.executed;
        append_big_endian(number, value, value > 0xffffff ? 4 : value > 0xffff ? 3 : value > 0xff ? 2 : 1);
        append_ber_tlv(contents, tag_executed, number);
    }
    if (response.immediate_action) append_ber_tlv(contents, tag_immediate_action, *response.immediate_action);
    for (const auto& one : response.responses) {
        contents.push_back(tag_response);
        append_ber_length(contents, one.data.size() + 2);
        append(contents, one.data);
        append_big_endian(contents, one.status_word, 2);
    }
    if (response.error_action) append_ber_tlv(contents, tag_error_action, *response.error_action);
    octet(tag_bad_format, response.bad_format);
    octet(tag_chaining, response.chaining);
    append_template(out, tag_responses, tag_responses_indefinite, response.indefinite, contents);
}

}  // namespace tessera::codec
