// Key material: cannot be printed, compares in constant time, wipes itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace tessera {

// Overwrites octets in a way that the compiler may not leave out.
void wipe(std::span<std::uint8_t> octets);

// True if both are equal; the time depends on the lengths only.
[[nodiscard]] bool equal_constant_time(byte_view a, byte_view b);

// Up to 64 octets of key material, held in place. Copying is deliberate work (clone()), moving wipes the source.
class secret {
public:
    static constexpr std::size_t capacity = 64;

    secret() = default;
    // Takes a copy of octets; more than `capacity` is a programming error and aborts.
    explicit secret(byte_view octets);
    secret(const secret&) = delete;
    secret& operator=(const secret&) = delete;
    secret(secret&& other) noexcept;
    secret& operator=(secret&& other) noexcept;
    ~secret() { clear(); }

    [[nodiscard]] secret clone() const { return secret(reveal()); }
    [[nodiscard]] byte_view reveal() const { return {octets_.data(), size_}; }
    // For filling in place: the first `size` octets, zeroed before.
    [[nodiscard]] std::span<std::uint8_t> resize(std::size_t size);
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    void clear();

    [[nodiscard]] friend bool operator==(const secret& a, const secret& b) {
        return equal_constant_time(a.reveal(), b.reveal());
    }

private:
    std::array<std::uint8_t, capacity> octets_{};
    std::uint8_t size_ = 0;
};

}  // namespace tessera
