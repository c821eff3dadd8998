#include "base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace tessera {
namespace {

class kernel_random final : public random_port {
public:
    void fill(std::span<std::uint8_t> octets) override {
        while (!octets.empty()) {
            const auto got = getrandom(octets.data(), octets.size(), 0);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) std::abort();
            octets = octets.subspan(static_cast<std::size_t>(got));
        }
    }
};

}  // namespace

random_port& system_random() {
    static kernel_random random;
    return random;
}

std::uint64_t mix64(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
}

std::uint64_t seeded_random::next() { return mix64(state_ += 0x9e3779b97f4a7c15U); }

void seeded_random::fill(std::span<std::uint8_t> octets) {
    for (auto& octet : octets) octet = static_cast<std::uint8_t>(next());
}

bool seeded_random::chance(double probability) { return static_cast<double>(next() >> 11U) * 0x1.0p-53 < probability; }

}  // namespace tessera
