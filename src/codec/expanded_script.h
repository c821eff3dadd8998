// Remote management scripts in the expanded format (ETSI TS 102 226 clause 5.2.2): every command and every answer is a
// TLV of its own, inside a command scripting template (AA, AE with indefinite length) and a response scripting template
// (AB, AF). Views in decoded values point into the caller's octets.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::codec {

// Command TLVs, clauses 5.2.2.1.1 to 5.2.2.1.4.
enum class script_tag : std::uint8_t {
    command = 0x22,           // a C-APDU
    immediate_action = 0x81,  // proactive commands, or a record that holds them, before anything else runs
    error_action = 0x82,      // likewise, when a command fails; empty: none
    chaining = 0x83,          // first of its script only: this script is a part of a longer one
};
// The value of a script chaining TLV. The context of a script (what is selected, what was verified) lives on in the
// next one of its chain.
enum class script_chaining : std::uint8_t {
    first = 0x01,       // a reset of the card ends the chain
    subsequent = 0x02,  // more follow
    last = 0x03,
    first_kept = 0x11,  // a reset of the card does not end the chain
};

struct script_element {
    script_tag tag{};
    byte_view value;
};
struct expanded_script {
    bool indefinite = false;
    std::vector<script_element> elements;
};

// What is wrong with a script, as the bad format TLV (90) names it, clause 5.2.2.2.
enum class script_fault : std::uint8_t { unknown_tag = 0x01, wrong_length = 0x02, length_not_found = 0x03 };

// Reads a script element by element, as a card runs it: those before a broken one are run all the same.
class expanded_script_reader {
public:
    // Errors: unknown_tag (it begins with neither AA nor AE), wrong_length, length_not_found.
    [[nodiscard]] static result<expanded_script_reader> open(byte_view script);
    [[nodiscard]] bool indefinite() const { return indefinite_; }
    // Nothing at the end. Errors: unknown_tag, wrong_length, length_not_found; fault_of() says which of an error.
    [[nodiscard]] result<std::optional<script_element>> next();

private:
    byte_view rest_;
    bool indefinite_ = false;
    bool ended_ = false;
};
[[nodiscard]] script_fault fault_of(const error& problem);

// The whole script. Errors: those of the reader, too_many_commands (more than 256 elements), bad_chaining (a script
// chaining TLV that is not the first one, or with a value that the standard does not know); they name the element.
[[nodiscard]] result<expanded_script> parse_expanded_script(byte_view script);
// The shortest lengths. A script of at most 65,535 octets.
void append_expanded_script(bytes& out, const expanded_script& script);
// What a script takes beside its commands, and a command beside its own octets, at most.
inline constexpr std::size_t expanded_script_overhead = 4, expanded_command_overhead = 3;

struct response_apdu {
    byte_view data;
    std::uint16_t status_word = 0;
};
// A response scripting template.
struct expanded_response {
    bool indefinite = false;
    std::optional<std::uint32_t> executed;      // 80: command TLVs that were run; not in every AF
    std::vector<response_apdu> responses;       // 23, in order
    std::optional<byte_view> immediate_action;  // 81: what became of one
    std::optional<byte_view> error_action;      // 82
    std::optional<std::uint8_t> chaining;       // 83: 01 no previous script, 02 not supported or not possible
    std::optional<std::uint8_t> bad_format;     // 90: a script_fault
};
// Octets whose tag the standard does not know are passed over. Errors: truncated, wrong_length, unknown_tag (neither AB
// nor AF), too_many_commands.
[[nodiscard]] result<expanded_response> parse_expanded_response(byte_view data);
void append_expanded_response(bytes& out, const expanded_response& response);

}  // namespace tessera::codec
