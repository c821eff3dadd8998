// What a column of a PostgreSQL result means, in either of libpq's formats.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "store/row_shape.h"

namespace tessera::store {

// The types that tessera's SQL has to do with (pg_type.dat).
enum class postgres_type : std::uint32_t {
    boolean = 16,
    octets = 17,
    int8 = 20,
    int2 = 21,
    int4 = 23,
    text = 25,
    numeric = 1700,
};

// In text format; true is 1. What is no number reads as 0.
[[nodiscard]] std::int64_t integer_from_text(std::string_view value);
// In binary format (network byte order). What is no number, or a fraction, or too large, reads as 0.
[[nodiscard]] std::int64_t integer_from_binary(postgres_type type, std::string_view value);

// Rows of so many columns as COPY ... (FORMAT binary) takes them (PostgreSQL 15, COPY, "Binary Format"), for columns of
// the types int8, text and octets.
[[nodiscard]] std::string copy_octets(int columns, std::span<const row_value> values);

}  // namespace tessera::store
