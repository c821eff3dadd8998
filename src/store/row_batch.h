// Rows that are inserted by the hundred: one statement of a hundred rows costs a third of a hundred statements. Where
// the driver can copy, and the shape says how, they go by the thousand.
#pragma once

#include <optional>
#include <type_traits>
#include <vector>

#include "store/database.h"
#include "store/row_shape.h"

namespace tessera::store {

// Of one transaction, on its connection's thread. Rows are written when a statement is full, and by flush(); what is
// neither is dropped with the batch. Where the shape says ON CONFLICT DO UPDATE, no key may stand twice between two
// flush(): PostgreSQL refuses that.
class row_batch {
public:
    row_batch(connection& database, const row_shape& shape);

    // One value for each column: nullptr, an integer or enumerator, text, octets, or std::optional of such. They are
    // copied. An error may be that of an earlier row.
    template <class... Values>
    [[nodiscard]] result<void> add(const Values&... values) {
        static_assert(sizeof...(Values) > 0);
        (put(values), ...);
        ++rows_;
        return rows_ == most_ ? flush() : result<void>{};
    }
    [[nodiscard]] result<void> flush();

private:
    static constexpr int rows_per_statement = 100;
    using kind = row_value::kind;
    struct value {
        kind what = kind::null;
        std::int64_t number = 0;  // or the length
        std::size_t at = 0;       // in arena_
    };
    template <class Value>
    struct is_optional : std::false_type {};
    template <class Value>
    struct is_optional<std::optional<Value>> : std::true_type {};

    template <class Value>
    void put(const Value& one) {
        if constexpr (std::is_same_v<Value, std::nullptr_t>)
            values_.push_back({});
        else if constexpr (is_optional<Value>::value)
            one ? put(*one) : values_.push_back({});
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
    [[nodiscard]] bool copies() const { return most_ > rows_per_statement; }
    result<void> write(int rows);
    result<void> copy();
    [[nodiscard]] row_value at(std::size_t index) const;

    connection* database_;
    const row_shape* shape_;
    int most_;  // before they are written
    int rows_ = 0;
    std::vector<value> values_;
    std::size_t written_ = 0;  // of values_
    bytes arena_;
};

}  // namespace tessera::store
