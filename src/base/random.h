// Randomness, handed in: the kernel's for keys and ids, a seeded one for everything that must replay.
#pragma once

#include <cstdint>
#include <span>

namespace tessera {

class random_port {
public:
    virtual ~random_port() = default;
    virtual void fill(std::span<std::uint8_t> octets) = 0;
};

// getrandom(2). Thread safe. Aborts if the kernel has no randomness to give: nothing here works without.
[[nodiscard]] random_port& system_random();

// SplitMix64: one 64-bit state, good enough for faults and test data, never for keys. Not thread safe.
class seeded_random final : public random_port {
public:
    explicit seeded_random(std::uint64_t seed) : state_(seed) {}
    void fill(std::span<std::uint8_t> octets) override;
    [[nodiscard]] std::uint64_t next();
    // Uniform in [0, bound); bound > 0.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    // True with the given probability, 0..1.
    [[nodiscard]] bool chance(double probability);

private:
    std::uint64_t state_;
};

// One step of SplitMix64's output function: a good 64-bit hash of an integer.
[[nodiscard]] std::uint64_t mix64(std::uint64_t value);

}  // namespace tessera
