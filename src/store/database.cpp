#include "store/database.h"

#include <string>

#include "store/row_batch.h"

namespace tessera::store {

result<std::int64_t> statement::single_integer() {
    TESSERA_TRY(step());
    const auto value = integer(0);
    reset();
    return value;
}

result<void> statement::execute() {
    for (;;) {
        auto more = step();
        if (!more) return std::unexpected(std::move(more).error());
        if (!*more) return {};
    }
}

result<statement*> connection::kept(const char* sql) {
    auto& place = kept_[sql];
    if (!place) {
        auto prepared = prepare(sql);
        if (!prepared) return std::unexpected(std::move(prepared).error());
        place = std::move(*prepared);
    }
    return place.get();
}

result<statement*> connection::kept(const row_shape& shape, int rows) {
    auto& place = kept_rows_[{&shape, rows}];
    if (!place) {
        std::string sql = shape.insert;
        for (int row = 0, parameter = 0; row < rows; ++row) {
            sql += row == 0 ? " (" : ", (";
            for (int column = 0; column < shape.columns; ++column)
                sql += (column == 0 ? "$" : ", $") + std::to_string(++parameter);
            sql += ")";
        }
        auto prepared = prepare(sql + " " + shape.then);
        if (!prepared) return std::unexpected(std::move(prepared).error());
        place = std::move(*prepared);
    }
    return place.get();
}

}  // namespace tessera::store
