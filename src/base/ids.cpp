#include "base/ids.h"

#include <array>

#include "base/bytes.h"
#include "base/hex.h"

namespace tessera {

std::string make_uuid7(timestamp now, random_port& random) {
    std::array<std::uint8_t, 16> octets{};
    random.fill(octets);
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    store_big_endian(octets.data(), static_cast<std::uint64_t>(milliseconds), 6);
    octets[6] = static_cast<std::uint8_t>(0x70U | (octets[6] & 0x0fU));
    octets[8] = static_cast<std::uint8_t>(0x80U | (octets[8] & 0x3fU));
    const auto digits = to_hex(octets);
    return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(12, 4) + "-" + digits.substr(16, 4) +
           "-" + digits.substr(20);
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const char c = text[i];
        const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !digit) return false;
    }
    return true;
}

}  // namespace tessera
