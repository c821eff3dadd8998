#include "store/postgres/postgres_values.h"

#include <charconv>

namespace tessera::store {
namespace {

std::uint64_t big_endian(std::string_view value) {
    std::uint64_t made = 0;
    for (const char c : value) made = made << 8U | static_cast<std::uint8_t>(c);
    return made;
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

}  // namespace tessera::store
