// What is to be written into a card, turned into scripts for its remote file management application (ETSI TS 102 226
// clause 5.2.1, compact format), and the scripts that read it back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::operations {

struct file_write {
    std::string file;          // canonical path
    std::uint16_t record = 0;  // 0: a transparent file from offset 0; else the number of a record
    bytes content;
};

inline constexpr std::size_t record_overhead = 32;  // SELECT by a path of eight elements, and the header of UPDATE RECORD

// The data of one packet.
struct script {
    bytes octets;
    std::uint8_t commands = 0;
};

// SELECT by path and UPDATE for every write, packed into as few scripts as octets_max allows; each script selects for
// itself, since a card starts a packet at its master file. octets_max >= 32.
[[nodiscard]] std::vector<script> write_scripts(const std::vector<file_write>& writes, std::size_t octets_max);

// SELECT by path and READ BINARY of `length` octets (1..256) from `offset`, or READ RECORD.
[[nodiscard]] script read_script(const std::string& file, std::uint16_t record, std::size_t offset,
                                 std::uint16_t length);

// How much of a file one answer brings back: a response of two short messages at most.
inline constexpr std::size_t read_back_piece_octets = 200;

// A piece of content that one packet reads back: the compact answer carries the data of its last command only.
struct read_back {
    script commands;
    byte_view expected;     // into the write's content
    std::size_t write = 0;  // which of the writes
};
// piece_octets: how much one answer may bring.
[[nodiscard]] std::vector<read_back> read_back_scripts(const std::vector<file_write>& writes, std::size_t piece_octets);

}  // namespace tessera::operations
