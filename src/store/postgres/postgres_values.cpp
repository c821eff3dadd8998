#include "store/postgres/postgres_values.h"

#include <charconv>

namespace tessera::store {
namespace {

std::uint64_t big_endian(std::string_view value) {
    std::uint64_t made = 0;
    for (const char c : value) made = made << 8U | static_cast<std::uint8_t>(c);
    return made;
}

void append_big_endian(std::string& to, std::uint64_t value, int octets) {
    for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) to.push_back(static_cast<char>(value >> shift & 0xffU));
}

// numeric_send: number of base-10000 digits, weight of the first, sign, scale, digits; each of two octets.
std::int64_t from_numeric(std::string_view value) {
    constexpr std::uint64_t negative = 0x4000;
    if (value.size() < 8) return 0;
    const auto field = [&](std::size_t index) { return big_endian(value.substr(2 * index, 2)); };
    const auto digits = field(0);
    const auto weight = static_cast<std::int16_t>(field(1));
    const auto sign = field(2);
    if (value.size() != 8 + 2 * digits || weight > 4 || (sign != 0 && sign != negative)) return 0;
    std::int64_t made = 0;
    for (int place = 0; place <= weight; ++place) {
        const auto digit = static_cast<std::uint64_t>(place) < digits ? field(4 + static_cast<std::size_t>(place)) : 0;
        if (__builtin_mul_overflow(made, std::int64_t{10'000}, &made) ||
            __builtin_add_overflow(made, static_cast<std::int64_t>(digit), &made))
            return 0;
    }
    return sign == negative ? -made : made;
}

}  // namespace

std::int64_t integer_from_text(std::string_view value) {
    if (value == "t") return 1;  // true
    std::int64_t made = 0;
    std::from_chars(value.data(), value.data() + value.size(), made);
    return made;
}

std::int64_t integer_from_binary(postgres_type type, std::string_view value) {
    switch (type) {
        case postgres_type::boolean:
            return value == std::string_view("\1", 1) ? 1 : 0;
        case postgres_type::int2:
            return value.size() == 2 ? static_cast<std::int16_t>(big_endian(value)) : 0;
        case postgres_type::int4:
            return value.size() == 4 ? static_cast<std::int32_t>(big_endian(value)) : 0;
        case postgres_type::int8:
            return value.size() == 8 ? static_cast<std::int64_t>(big_endian(value)) : 0;
        case postgres_type::numeric:
            return from_numeric(value);
        case postgres_type::text:
            return integer_from_text(value);
        case postgres_type::octets:
            break;
    }
    return 0;
}

std::string copy_octets(int columns, std::span<const row_value> values) {
    constexpr std::uint64_t null = 0xffff'ffff;
    constexpr std::uint64_t end = 0xffff;
    std::string made("PGCOPY\n\377\r\n\0", 11);
    append_big_endian(made, 0, 4);  // flags
    append_big_endian(made, 0, 4);  // octets of the header's extension
    int column = 0;
    for (const auto& one : values) {
        if (column == 0) append_big_endian(made, static_cast<std::uint64_t>(columns), 2);
        column = column + 1 == columns ? 0 : column + 1;
        if (one.what == row_value::kind::null) {
            append_big_endian(made, null, 4);
        } else if (one.what == row_value::kind::integer) {
            append_big_endian(made, 8, 4);
            append_big_endian(made, static_cast<std::uint64_t>(one.number), 8);
        } else {
            append_big_endian(made, one.octets.size(), 4);
            made.append(reinterpret_cast<const char*>(one.octets.data()), one.octets.size());
        }
    }
    append_big_endian(made, end, 2);
    return made;
}

}  // namespace tessera::store
