// Reading a file of unknown length from a card, packet by packet: each answer says what to ask for next.
#pragma once

#include <optional>

#include "operations/script.h"
#include "operations/verdict.h"

namespace tessera::operations {

class file_reader {
public:
    // A canonical path; record 0: a transparent file.
    file_reader(std::string file, std::uint16_t record) : file_(std::move(file)), record_(record) {}

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
    std::uint16_t length_ = 256;
    bytes content_;
};

}  // namespace tessera::operations
