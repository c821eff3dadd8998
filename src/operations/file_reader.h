// Reading a file of unknown length from a card, packet by packet: each answer says what to ask for next.
#pragma once

#include <optional>

#include "operations/script.h"
#include "operations/verdict.h"

namespace tessera::operations {

class file_reader {
public:
    // A canonical path; record 0: a transparent file.
    file_reader(std::string file, std::uint16_t record, const script_style& style = {})
        : file_(std::move(file)),
          record_(record),
          style_(style),
          longest_(style.piece_octets < read_back_piece_octets ? static_cast<std::uint16_t>(style.piece_octets) : 256),
          length_(longest_) {}

    // SELECT and READ of the piece that is wanted now.
    [[nodiscard]] script next() const;
    // Takes what the card returned to next(). The card corrects a length that it cannot give: 6Cxx (ETSI TS 102 221
    // clause 10.2.1.5), 67xx (3GPP TS 51.011 clause 9.4.6).
    enum class step : std::uint8_t { more, complete, refused };
    [[nodiscard]] step take(const executed_answer& answer);
    [[nodiscard]] const bytes& content() const { return content_; }

private:
    std::string file_;
    std::uint16_t record_;
    script_style style_;
    std::uint16_t longest_;  // that one answer may bring
    std::uint16_t length_;
    bytes content_;
};

}  // namespace tessera::operations
