// What is to be written into a card, turned into scripts for its remote file management application (ETSI TS 102 226
// clause 5.2), and the scripts that read it back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::operations {

struct file_write {
    std::string file;          // canonical path; of a terminal's setting "setting/NAME" (setting.h)
    std::uint16_t record = 0;  // 0: a transparent file from offset 0; else the number of a record
    bytes content;
};

inline constexpr std::size_t record_overhead =
    32;  // SELECT by a path of eight elements, and the header of UPDATE RECORD
enum class script_format : std::uint8_t { compact = 0, expanded = 1 };

// What a command asks for that may find the card in the wanted state already.
enum class script_role : std::uint8_t {
    other = 0,
    adds = 1,     // an application or load file: refused where there is one, the same or another
    removes = 2,  // one: there may be none
};

// The data of one packet.
struct script {
    bytes octets;
    std::uint8_t commands = 0;
    script_role role = script_role::other;
};

// How much of a file one answer brings back: a response of two short messages at most; and of one alone (140 octets
// less UDH 3, response header 13, CC 8, padding 15, compact answer 3).
inline constexpr std::size_t read_back_piece_octets = 200;
inline constexpr std::size_t lone_answer_octets = 98;

// What of scripts depends on the cards (the catalogue of profiles knows).
struct script_style {
    bool select_step_by_step = false;                   // by file identifiers from the MF, where SELECT by path fails
    std::size_t octets_max = 0;                         // of a script; 0: as the short messages allow
    std::size_t piece_octets = read_back_piece_octets;  // that one answer may bring
    friend bool operator==(const script_style&, const script_style&) = default;

    // Of `octets`, as the short messages allow, those that the cards take.
    [[nodiscard]] std::size_t at_most(std::size_t octets) const {
        return octets_max == 0 || octets < octets_max ? octets : octets_max;
    }
};

// Appends what selects a file, given by its canonical path; returns how many commands that takes.
std::uint8_t append_select(bytes& out, std::string_view file, const script_style& style);

// SELECT and UPDATE for every write, packed into as few scripts as octets_max allows; each script selects for
// itself, since a card starts a packet at its master file. octets_max >= 32. command_overhead: what its format adds to
// every command.
[[nodiscard]] std::vector<script> write_scripts(const std::vector<file_write>& writes, std::size_t octets_max,
                                                std::size_t command_overhead = 0, const script_style& style = {});

// How scripts travel.
struct script_shape {
    script_format format = script_format::compact;
    bool chained = false;         // expanded: all scripts of a card are one chain
    std::size_t octets_max = 32;  // of one packet
};
// What is left for the commands of a script, and what is added to each of them.
[[nodiscard]] std::size_t commands_octets_max(const script_shape& shape);
[[nodiscard]] std::size_t command_overhead(const script_shape& shape);
// Compact scripts in the format of the shape; GET STATUS asks for its data then. The scripts of this list follow one
// another.
void put_into_shape(std::vector<script>& scripts, const script_shape& shape);

// SELECT and READ BINARY of `length` octets (1..256) from `offset`, or READ RECORD.
[[nodiscard]] script read_script(const std::string& file, std::uint16_t record, std::size_t offset,
                                 std::uint16_t length, const script_style& style = {});

// What the answer to reading back must be.
enum class expectation : std::uint8_t {
    contents = 0,    // the data begin with `expected`
    selectable = 1,  // GET STATUS lists an application with the AID `expected`, and it can be selected
    loaded = 2,      // likewise a load file, of the version `version` if the card tells one
    absent = 3,      // there is no such object
    anything = 4,    // that there is an answer is enough
    exactly = 5,     // the data are `expected`, and no more
};

// A piece of content that one packet reads back: the compact answer carries the data of its last command only.
struct read_back {
    script commands;
    byte_view expected;     // into the write's content, or an action's AID
    std::size_t write = 0;  // which of the writes, or actions
    expectation expect = expectation::contents;
    byte_view version = {};
};
[[nodiscard]] std::vector<read_back> read_back_scripts(const std::vector<file_write>& writes,
                                                       const script_style& style = {});

}  // namespace tessera::operations
