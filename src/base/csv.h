// Comma-separated values as RFC 4180 has them, read line by line from a file of any size: quoted fields (with doubled
// quotes and line breaks inside), CRLF or LF, a byte order mark at the start.
#pragma once

#include <cstddef>
#include <deque>
#include <istream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tessera {

class csv_reader {
public:
    // Errors: not_found.
    [[nodiscard]] static result<csv_reader> open(const std::string& path);
    // From anything else; `name` is how errors call it.
    csv_reader(std::unique_ptr<std::istream> input, std::string name);

    // False at the end. Empty lines are passed over. Errors: bad_csv (open quote, text after a closing quote, record of
    // more octets or lines than limits.h allows); reading may go on: with the line after the one that the record began
    // in, also from a pipe, so that a stray quote costs one line, not all that seems to stand inside it. The fields are
    // valid until the next call; after an error they are those that stand complete before it.
    [[nodiscard]] result<bool> next();
    [[nodiscard]] const std::vector<std::string>& fields() const { return fields_; }
    [[nodiscard]] std::size_t line() const { return record_line_; }  // from 1, where the record began

private:
    [[nodiscard]] bool read_line(std::string_view& line);
    [[nodiscard]] result<bool> read_record();
    [[nodiscard]] result<void> split(std::string_view text, bool& open_quote);
    [[nodiscard]] std::unexpected<error> refused(std::string what) const;
    [[nodiscard]] std::unexpected<error> unclosed(const std::string& within) const;
    std::string& place(std::size_t index);

    std::unique_ptr<std::istream> input_;
    std::string name_;
    std::string record_;
    std::string buffer_;
    std::vector<std::string> fields_;
    std::vector<std::string> more_;  // the record's lines behind its first
    std::deque<std::string> again_;  // lines to be read once more, before any of the input
    std::string taken_;              // the one of them that is being read
    std::size_t line_ = 0;
    std::size_t record_line_ = 0;
    std::size_t quote_line_ = 0;  // where the field that is still open began
};

// Appends one field, quoted when it has to be.
void append_csv_field(std::string& out, std::string_view value);

}  // namespace tessera
