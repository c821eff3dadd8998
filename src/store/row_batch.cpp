#include "store/row_batch.h"

#include "base/limits.h"

namespace tessera::store {
namespace {

constexpr int rows_worth_a_copy = 20;

void bind(statement& to, int index, const row_value& one) {
    switch (one.what) {
        case row_value::kind::null:
            return to.bind_null(index);
        case row_value::kind::integer:
            return to.bind(index, one.number);
        case row_value::kind::text:
            return to.bind(index,
                           std::string_view(reinterpret_cast<const char*>(one.octets.data()), one.octets.size()));
        case row_value::kind::octets:
            return to.bind(index, one.octets);
    }
}

}  // namespace

row_batch::row_batch(connection& database, const row_shape& shape)
    : database_(&database),
      shape_(&shape),
      most_(shape.copy != nullptr && database.copies() ? static_cast<int>(limits::rows_copied) : rows_per_statement) {}

result<void> row_batch::flush() {
    if (copies() && rows_ >= rows_worth_a_copy) TESSERA_TRY(copy());
    // Few sizes, so that few statements are kept.
    for (const int size : {rows_per_statement, rows_per_statement / 10, 1})
        while (rows_ >= size) TESSERA_TRY(write(size));
    values_.clear();
    arena_.clear();
    written_ = 0;
    return {};
}

result<void> row_batch::write(int rows) {
    TESSERA_TRY_VALUE(auto* insert, database_->kept(*shape_, rows));
    insert->reset();
    const int count = rows * shape_->columns;
    for (int i = 0; i < count; ++i) bind(*insert, i + 1, at(written_ + static_cast<std::size_t>(i)));
    written_ += static_cast<std::size_t>(count);
    rows_ -= rows;
    return insert->queue();
}

result<void> row_batch::copy() {
    std::vector<row_value> all;
    all.reserve(values_.size());
    for (std::size_t i = 0; i < values_.size(); ++i) all.push_back(at(i));
    rows_ = 0;
    return database_->copy(*shape_, all);
}

row_value row_batch::at(std::size_t index) const {
    const auto& one = values_[index];
    if (one.what < kind::text) return {one.what, one.number, {}};
    return {one.what, 0, byte_view(arena_).subspan(one.at, static_cast<std::size_t>(one.number))};
}

}  // namespace tessera::store
