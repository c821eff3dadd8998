#include "store/database.h"

#include <string>

#include "base/limits.h"

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

result<void> connection::copy(const row_shape& shape, std::span<const row_value> /*values*/) {
    return failure(code_database, "database", "this driver has no way to copy: " + std::string(shape.insert));
}

void connection::rest() {
    rollback();
    // Of one that could not be prepared there is the place only.
    for (const auto& [sql, statement] : kept_)
        if (statement) statement->reset();
    for (const auto& [shape, statement] : kept_rows_)
        if (statement) statement->reset();
}

void give_back::operator()(connection* lent) const { owner->take_back(std::unique_ptr<connection>(lent)); }

result<lent_reader> database::lend_reader() {
    {
        const std::lock_guard held(mutex_);
        if (!resting_.empty()) {
            auto found = std::move(resting_.back());
            resting_.pop_back();
            return lent_reader(found.release(), give_back{this});
        }
    }
    auto made = connect(access::read);
    if (!made) return std::unexpected(std::move(made).error());
    return lent_reader(made->release(), give_back{this});
}

void database::take_back(std::unique_ptr<connection> reader) {
    reader->rest();
    const std::lock_guard held(mutex_);
    if (resting_.size() < limits::resting_readers) resting_.push_back(std::move(reader));
}

}  // namespace tessera::store
