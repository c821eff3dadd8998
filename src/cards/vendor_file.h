// A card vendor's output file, line by line, by its mapping. Knows nothing of keys and registries.
#pragma once

#include <istream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cards/vendor_mapping.h"

namespace tessera::cards {

// Not thread safe. The mapping must outlive it.
class vendor_file {
public:
    // Reads the header. `name` stands in errors. Errors: not_found, bad_header (no columns line, a column of the
    // mapping that is not there or stands there twice, too many lines or columns).
    [[nodiscard]] static result<vendor_file> open(const std::string& path, const vendor_mapping& mapping);
    [[nodiscard]] static result<vendor_file> from(std::unique_ptr<std::istream> input, std::string name,
                                                  const vendor_mapping& mapping);

    // The next card's line; false at the end. Empty lines and comments are passed over. Errors: bad_row (too long,
    // another number of fields than columns, an open quote, control characters); reading may go on.
    [[nodiscard]] result<bool> next();
    [[nodiscard]] std::size_t line() const { return line_; }      // from 1
    [[nodiscard]] std::string_view raw() const { return text_; }  // as it stands there
    [[nodiscard]] std::size_t cards() const { return cards_; }    // lines so far

    // Of the line that next() gave; empty where it has none. Valid until the next call.
    [[nodiscard]] std::string_view value(const vendor_value& of) const;

    // How many cards the header announces, and its line; nothing where the mapping names no such line. Errors:
    // bad_header (no number).
    struct announcement {
        std::size_t line = 0;
        std::size_t cards = 0;
    };
    [[nodiscard]] result<std::optional<announcement>> announced() const;

private:
    vendor_file(std::unique_ptr<std::istream> input, std::string name, const vendor_mapping& mapping);
    bool read_line();
    result<void> read_header();
    result<bool> read_header_line();
    result<void> name_columns(std::string_view names, char separator);
    result<void> check_columns() const;
    result<void> check_place(const vendor_value& of) const;
    result<void> split();
    [[nodiscard]] bool passed_over() const;
    [[nodiscard]] std::unexpected<error> bad_header(std::string what) const;

    struct header_line {
        std::size_t line = 0;
        std::string value;
    };
    std::unique_ptr<std::istream> input_;
    std::string name_;
    const vendor_mapping* mapping_;
    std::string buffer_;
    std::string_view text_;
    bool too_long_ = false;
    std::size_t line_ = 0;
    std::size_t cards_ = 0;
    std::size_t columns_ = 0;                            // 0: as many as there are
    std::map<std::string, header_line> header_;          // by name in lower case
    std::map<std::string, std::size_t> column_numbers_;  // likewise, from 1; 0: stands there twice
    std::vector<std::string_view> fields_;
};

}  // namespace tessera::cards
