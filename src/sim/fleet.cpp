#include "sim/fleet.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "base/hex.h"
#include "base/random.h"

namespace tessera::sim {
namespace {

constexpr std::size_t iccid_digits = 19;

std::string numbered(std::string_view prefix, std::size_t n, std::size_t digits) {
    auto tail = std::to_string(n);
    std::string text(prefix);
    text.append(digits - prefix.size() - tail.size(), '0');
    return text + tail;
}

char luhn_digit(std::string_view digits) {
    int sum = 0;
    bool doubled = true;
    for (auto it = digits.rbegin(); it != digits.rend(); ++it, doubled = !doubled) {
        const int digit = *it - '0';
        sum += !doubled ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
    }
    return static_cast<char>('0' + (10 - sum % 10) % 10);
}

void append_key(std::string& line, std::size_t octets, seeded_random& random) {
    std::array<std::uint8_t, 32> key{};
    random.fill(std::span(key).first(octets));
    append_hex(line, byte_view(key).first(octets));
}

const fleet_profile& profile_of(const fleet_plan& plan, std::size_t n) {
    unsigned total = 0;
    for (const auto& one : plan.profiles) total += one.share;
    auto at = static_cast<unsigned>(n % total);
    for (const auto& one : plan.profiles) {
        if (at < one.share) return one;
        at -= one.share;
    }
    return plan.profiles.back();
}

}  // namespace

std::string fleet_iccid(std::size_t n) {
    auto digits = numbered("8900101", n, iccid_digits - 1);
    return digits + luhn_digit(digits);
}
std::string fleet_imsi(std::size_t n) { return numbered("00101", n, 15); }
std::uint64_t fleet_msisdn(std::size_t n) { return 882'390'000'000'000 / 1'000 + n; }

result<void> write_fleet(const std::filesystem::path& file, const fleet_plan& plan) {
    const auto refused = [&] { return failure("cannot_write", file.string(), "the fleet cannot be written there"); };
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return refused();
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(fdopen(descriptor, "w"), std::fclose);
    std::fputs("iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter\n", out.get());
    seeded_random random(plan.seed);
    std::string line;
    for (std::size_t n = 0; n < plan.cards; ++n) {
        const auto& profile = profile_of(plan, n);
        const std::string algorithm(crypto::to_string(profile.algorithm));
        line = fleet_iccid(n) + "," + fleet_imsi(n) + "," + std::to_string(fleet_msisdn(n)) + "," + profile.name +
               ",1," + algorithm + ",";
        append_key(line, crypto::key_octets(profile.algorithm), random);
        line += "," + algorithm + ",";
        append_key(line, crypto::key_octets(profile.algorithm), random);
        line += ",0000000000\n";
        if (std::fwrite(line.data(), 1, line.size(), out.get()) != line.size()) return refused();
    }
    if (std::fflush(out.get()) != 0) return refused();
    return {};
}

}  // namespace tessera::sim
