// Files read by packets that are all built before anything is sent: what the next packets ask for, given what earlier
// ones brought. Of a file whose length nobody said, the card says it: it gives what there is, corrects a length that it
// cannot give, or refuses an offset beyond the end.
#pragma once

#include <optional>

#include "operations/script.h"
#include "operations/verdict.h"

namespace tessera::operations {

struct file_read {
    std::string file;                    // canonical path
    std::uint16_t record = 0;            // 0: a transparent file from offset 0; else the number of a record
    std::size_t length = 0;              // octets wanted; 0: all that there are
    std::optional<bytes> expected = {};  // what the file should begin with; nothing: what the image says
    bool by_value = false;               // or what it should decode to, if the catalogue knows it
};

// How far the reading of one file of one card has come.
struct reading {
    enum class state : std::uint8_t { open = 0, complete = 1, refused = 2 };
    state now = state::open;
    bytes content;
    bool whole = false;             // the content ends where the file ends
    std::uint16_t corrected = 0;    // how much the card says that the next piece has
    std::uint16_t status_word = 0;  // of a refusal
    std::uint8_t command = 0;       // likewise: which one of the script, from 1
    std::uint8_t key_version = 0;   // of the packet that brought the first octets; 0: nobody knows it any more
    std::uint64_t counter = 0;      // likewise
};

struct read_piece {
    std::size_t read = 0;  // which of the files
    std::size_t offset = 0;
    std::uint16_t length = 0;  // 1..256
    script commands;
};

// The packets that open readings want next, at most limits::packets_per_card; the same whenever it is asked with the
// same.
[[nodiscard]] std::vector<read_piece> next_pieces(const std::vector<file_read>& reads,
                                                  const std::vector<reading>& so_far, const script_style& style = {});

struct numbered_packet {
    std::uint8_t key_version = 0;
    std::uint64_t counter = 0;
};

// Takes what the card returned to a piece that was sent as `packet`. Pieces of a file in rising order; one whose
// predecessor is missing changes nothing. True: the reading moved on.
bool take_piece(const file_read& wanted, const read_piece& piece, const executed_answer& answer,
                const numbered_packet& packet, reading& into);

}  // namespace tessera::operations
