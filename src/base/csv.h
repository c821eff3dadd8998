// Comma-separated values as RFC 4180 has them, read line by line from a file of any size: quoted fields (with doubled
// quotes and line breaks inside), CRLF or LF, a byte order mark at the start.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tessera {

class csv_reader {
public:
    // Errors: not_found.
    [[nodiscard]] static result<csv_reader> open(const std::string& path);

    // False at the end. Empty lines are passed over. Errors: bad_csv (open quote, text after a closing quote, line too
    // long); reading may go on with the next line. The fields are valid until the next call.
    [[nodiscard]] result<bool> next();
    [[nodiscard]] const std::vector<std::string>& fields() const { return fields_; }
    [[nodiscard]] std::size_t line() const { return record_line_; }  // from 1, where the record began

private:
    [[nodiscard]] result<void> split(std::string_view text, bool& open_quote);
    std::string& place(std::size_t index);

    std::ifstream file_;
    std::string path_;
    std::string record_;
    std::string physical_;
    std::vector<std::string> fields_;
    std::size_t line_ = 0;
    std::size_t record_line_ = 0;
};

// Appends one field, quoted when it has to be.
void append_csv_field(std::string& out, std::string_view value);

}  // namespace tessera
