// The two redundancy checks of ETSI TS 102 225 clause 5.1.3: both reflected, a table of one octet each.
#include "crypto/block_crypto.h"

namespace tessera::crypto {
namespace {

template <class Word>
constexpr std::array<Word, 256> reflected_table(Word polynomial) {
    std::array<Word, 256> table{};
    for (std::size_t octet = 0; octet < 256; ++octet) {
        auto value = static_cast<Word>(octet);
        for (int bit = 0; bit < 8; ++bit)
            value = static_cast<Word>((value & 1U) != 0 ? (value >> 1U) ^ polynomial : value >> 1U);
        table[octet] = value;
    }
    return table;
}

template <class Word>
Word reflected_crc(const std::array<Word, 256>& table, byte_view message) {
    auto value = static_cast<Word>(~Word{0});
    for (const auto octet : message) value = static_cast<Word>(value >> 8U ^ table[(value ^ octet) & 0xffU]);
    return static_cast<Word>(~value);
}

constexpr auto x25_table = reflected_table<std::uint16_t>(0x8408);       // 1021 reflected
constexpr auto ieee_table = reflected_table<std::uint32_t>(0xedb88320);  // 04C11DB7 reflected

}  // namespace

std::uint16_t crc16_x25(byte_view message) { return reflected_crc(x25_table, message); }
std::uint32_t crc32_ieee(byte_view message) { return reflected_crc(ieee_table, message); }

}  // namespace tessera::crypto
