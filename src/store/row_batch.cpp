#include "store/row_batch.h"

namespace tessera::store {

result<void> row_batch::flush() {
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
    for (int i = 0; i < count; ++i) bind(*insert, i + 1, values_[written_ + static_cast<std::size_t>(i)]);
    written_ += static_cast<std::size_t>(count);
    rows_ -= rows;
    return insert->queue();
}

void row_batch::bind(statement& to, int index, const value& one) const {
    const auto octets =
        byte_view(arena_).subspan(one.at, one.what > kind::integer ? static_cast<std::size_t>(one.number) : 0);
    switch (one.what) {
        case kind::null:
            return to.bind_null(index);
        case kind::integer:
            return to.bind(index, one.number);
        case kind::text:
            return to.bind(index, std::string_view(reinterpret_cast<const char*>(octets.data()), octets.size()));
        case kind::octets:
            return to.bind(index, octets);
    }
}

}  // namespace tessera::store
