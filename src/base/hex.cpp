#include "base/hex.h"

#include <array>

namespace tessera {
namespace {

constexpr std::array<std::int8_t, 256> digit_values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::uint8_t i = 0; i < 16; ++i) {
        values[static_cast<unsigned char>("0123456789abcdef"[i])] = static_cast<std::int8_t>(i);
        values[static_cast<unsigned char>("0123456789ABCDEF"[i])] = static_cast<std::int8_t>(i);
    }
    return values;
}();

int digit(char c) { return digit_values[static_cast<unsigned char>(c)]; }

}  // namespace

void append_hex(std::string& out, byte_view octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const auto octet : octets) {
        out.push_back(digits[octet >> 4U]);
        out.push_back(digits[octet & 15U]);
    }
}

std::string to_hex(byte_view octets) {
    std::string text;
    text.reserve(octets.size() * 2);
    append_hex(text, octets);
    return text;
}

result<void> from_hex_into(std::string_view text, std::span<std::uint8_t> to, std::string_view field) {
    if (text.size() != to.size() * 2)
        return failure("bad_hex", field,
                       "expected " + std::to_string(to.size() * 2) + " hexadecimal digits, got " +
                           std::to_string(text.size()) + " characters");
    for (std::size_t i = 0; i < to.size(); ++i) {
        const int high = digit(text[2 * i]);
        const int low = digit(text[2 * i + 1]);
        if ((high | low) < 0)
            return failure("bad_hex", field,
                           "not a hexadecimal digit at position " + std::to_string(2 * i + (high < 0 ? 1 : 2)));
        to[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return {};
}

result<bytes> from_hex(std::string_view text, std::string_view field) {
    if (text.size() % 2 != 0)
        return failure("bad_hex", field,
                       "expected an even number of hexadecimal digits, got " + std::to_string(text.size()));
    bytes octets(text.size() / 2);
    TESSERA_TRY(from_hex_into(text, octets, field));
    return octets;
}

}  // namespace tessera
