#include "base/secret.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tessera {

void wipe(std::span<std::uint8_t> octets) {
    if (!octets.empty()) explicit_bzero(octets.data(), octets.size());
}

bool equal_constant_time(byte_view a, byte_view b) {
    if (a.size() != b.size()) return false;
    std::uint8_t difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const volatile std::uint8_t one = a[i];
        const volatile std::uint8_t other = b[i];
        difference = static_cast<std::uint8_t>(difference | (one ^ other));
    }
    return difference == 0;
}

secret::secret(byte_view octets) {
    const auto to = resize(octets.size());
    std::copy(octets.begin(), octets.end(), to.begin());
}

secret::secret(secret&& other) noexcept : octets_(other.octets_), size_(other.size_) { other.clear(); }

secret& secret::operator=(secret&& other) noexcept {
    if (this != &other) {
        octets_ = other.octets_;
        size_ = other.size_;
        other.clear();
    }
    return *this;
}

std::span<std::uint8_t> secret::resize(std::size_t size) {
    if (size > capacity) std::abort();
    clear();
    size_ = static_cast<std::uint8_t>(size);
    return {octets_.data(), size};
}

void secret::clear() {
    wipe(octets_);
    size_ = 0;
}

}  // namespace tessera
