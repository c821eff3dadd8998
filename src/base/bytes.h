// Octets: owning buffers, views, and bounded big-endian reading and writing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tessera {

using bytes = std::vector<std::uint8_t>;
using byte_view = std::span<const std::uint8_t>;

[[nodiscard]] inline byte_view as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(byte_view octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}
[[nodiscard]] inline bytes to_bytes(byte_view octets) { return {octets.begin(), octets.end()}; }

inline void append(bytes& out, byte_view octets) { out.insert(out.end(), octets.begin(), octets.end()); }

// Writes the low `width` octets of value, most significant first.
inline void append_big_endian(bytes& out, std::uint64_t value, std::size_t width) {
    for (std::size_t i = width; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
inline void store_big_endian(std::uint8_t* to, std::uint64_t value, std::size_t width) {
    for (std::size_t i = width; i-- > 0;) *to++ = static_cast<std::uint8_t>(value >> (8 * i));
}
[[nodiscard]] inline std::uint64_t load_big_endian(byte_view octets) {
    std::uint64_t value = 0;
    for (const auto octet : octets) value = value << 8 | octet;
    return value;
}

// Reads from octets that came from outside. Reading past the end yields zeros (or an empty view) and makes failed()
// true for good, so that a decoder may read a whole structure and ask once.
class byte_reader {
public:
    explicit byte_reader(byte_view octets) : rest_(octets) {}

    [[nodiscard]] std::uint64_t big_endian(std::size_t width) { return load_big_endian(take(width)); }
    [[nodiscard]] std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
    [[nodiscard]] std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
    [[nodiscard]] std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
    [[nodiscard]] byte_view take(std::size_t count) {
        if (count > rest_.size()) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const auto taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    [[nodiscard]] byte_view rest() const { return rest_; }
    [[nodiscard]] bool empty() const { return rest_.empty(); }
    [[nodiscard]] bool failed() const { return failed_; }

private:
    byte_view rest_;
    bool failed_ = false;
};

}  // namespace tessera
