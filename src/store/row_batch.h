// Rows that are inserted by the hundred: one statement of a hundred rows costs a third of a hundred statements.
#pragma once

#include <type_traits>
#include <vector>

#include "store/database.h"

namespace tessera::store {

// "INSERT INTO t (a, b) VALUES", 2, "ON CONFLICT ...". An object of static duration: connections keep its statements by
// its address.
struct row_shape {
    const char* insert = nullptr;
    int columns = 0;
    const char* then = "";
};

// Of one transaction, on its connection's thread. Rows are written when a statement is full, and by flush(); what is
// neither is dropped with the batch. Where the shape says ON CONFLICT DO UPDATE, no key may stand twice between two
// flush(): PostgreSQL refuses that.
class row_batch {
public:
    row_batch(connection& database, const row_shape& shape) : database_(&database), shape_(&shape) {}

    // One value for each column: nullptr, an integer or enumerator, text, octets. They are copied. An error may be that
    // of an earlier row.
    template <class... Values>
    [[nodiscard]] result<void> add(const Values&... values) {
        static_assert(sizeof...(Values) > 0);
        (put(values), ...);
        ++rows_;
        return rows_ == rows_per_statement ? flush() : result<void>{};
    }
    [[nodiscard]] result<void> flush();

private:
    static constexpr int rows_per_statement = 100;
    enum class kind : std::uint8_t { null, integer, text, octets };
    struct value {
        kind what = kind::null;
        std::int64_t number = 0;  // or the length
        std::size_t at = 0;       // in arena_
    };

    template <class Value>
    void put(const Value& one) {
        if constexpr (std::is_same_v<Value, std::nullptr_t>)
            values_.push_back({});
        else if constexpr (std::is_enum_v<Value> || std::is_integral_v<Value>)
            values_.push_back({kind::integer, static_cast<std::int64_t>(one), 0});
        else if constexpr (std::is_convertible_v<const Value&, std::string_view>)
            keep(kind::text, as_bytes_of(one));
        else
            keep(kind::octets, one);
    }
    static byte_view as_bytes_of(std::string_view text) {
        return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
    }
    void keep(kind what, byte_view octets) {
        values_.push_back({what, static_cast<std::int64_t>(octets.size()), arena_.size()});
        arena_.insert(arena_.end(), octets.begin(), octets.end());
    }
    result<void> write(int rows);
    void bind(statement& to, int index, const value& one) const;

    connection* database_;
    const row_shape* shape_;
    int rows_ = 0;
    std::vector<value> values_;
    std::size_t written_ = 0;  // of values_
    bytes arena_;
};

}  // namespace tessera::store
