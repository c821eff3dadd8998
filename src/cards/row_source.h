// Where an import gets its rows from: the port between the importer and the forms of card files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cards/import_row.h"

namespace tessera::cards {

class row_source {
public:
    virtual ~row_source() = default;
    // The next record; false at the end. A failure refuses the record, and reading goes on.
    [[nodiscard]] virtual result<bool> next() = 0;
    // What the record says. A failure refuses it, naming the field.
    [[nodiscard]] virtual result<import_row> row() = 0;
    [[nodiscard]] virtual std::size_t line() const = 0;  // of the record
    // The file of refused rows: its header, and the record as it stands there. Keys only as the input has them.
    [[nodiscard]] virtual std::string rejects_header() const = 0;
    [[nodiscard]] virtual std::string rejected() const = 0;
    // After the end: what is wrong with the file as a whole, with its line.
    struct remark {
        std::size_t line = 0;
        error problem;
    };
    [[nodiscard]] virtual std::optional<remark> remark_on_whole() const { return std::nullopt; }
};

}  // namespace tessera::cards
