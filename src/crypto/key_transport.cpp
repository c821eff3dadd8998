#include "crypto/key_transport.h"

#include <algorithm>
#include <array>
#include <string>

namespace tessera::crypto {
namespace {

struct mode_facts {
    transport_mode mode;
    std::string_view name;
    bool aes;
};
constexpr std::array<mode_facts, 5> modes{{{transport_mode::triple_des_ecb, "3des-ecb", false},
                                           {transport_mode::triple_des_cbc, "3des-cbc", false},
                                           {transport_mode::aes_ecb, "aes-ecb", true},
                                           {transport_mode::aes_cbc, "aes-cbc", true},
                                           {transport_mode::aes_key_wrap, "aes-key-wrap", true}}};

const mode_facts& facts_of(transport_mode mode) { return modes[static_cast<std::size_t>(mode)]; }

constexpr std::size_t semiblock = 8;

// RFC 3394 clause 2.2.2, with the default initial value of clause 2.2.3.1.
result<void> unwrap_key(block_crypto& crypto, cipher_algorithm algorithm, byte_view transport_key,
                        byte_view transported, secret& out) {
    const auto n = transported.size() / semiblock - 1;
    std::array<std::uint8_t, semiblock> a{};
    std::copy_n(transported.begin(), semiblock, a.begin());
    const auto plain = out.resize(n * semiblock);
    std::copy(transported.begin() + semiblock, transported.end(), plain.begin());
    secret block_room;
    const auto block = block_room.resize(2 * semiblock);
    for (std::size_t j = 6; j-- > 0;)
        for (std::size_t i = n; i > 0; --i) {
            std::array<std::uint8_t, semiblock> t{};
            store_big_endian(t.data(), n * j + i, semiblock);
            for (std::size_t k = 0; k < semiblock; ++k) block[k] = static_cast<std::uint8_t>(a[k] ^ t[k]);
            const auto r = plain.subspan((i - 1) * semiblock, semiblock);
            std::ranges::copy(r, block.begin() + semiblock);
            if (auto done = crypto.ecb_decrypt(algorithm, transport_key, block); !done) {
                out.clear();
                return done;
            }
            std::copy_n(block.begin(), semiblock, a.begin());
            std::copy_n(block.begin() + semiblock, semiblock, r.begin());
        }
    constexpr std::array<std::uint8_t, semiblock> initial{0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6};
    if (equal_constant_time(a, initial)) return {};
    out.clear();
    return failure("bad_transport", "key", "does not open under the transport key");
}

}  // namespace

std::string_view to_string(transport_mode mode) { return facts_of(mode).name; }

std::optional<transport_mode> transport_mode_from(std::string_view name) {
    const auto found = std::ranges::find(modes, name, &mode_facts::name);
    return found == modes.end() ? std::nullopt : std::optional(found->mode);
}

bool serves(cipher_algorithm algorithm, transport_mode mode) {
    return facts_of(mode).aes ? is_aes(algorithm) : !is_aes(algorithm) && algorithm != cipher_algorithm::des;
}

std::size_t transported_octets(transport_mode mode, std::size_t plain_octets) {
    return mode == transport_mode::aes_key_wrap ? plain_octets + semiblock : plain_octets;
}

result<void> open_transported(block_crypto& crypto, transport_mode mode, cipher_algorithm algorithm,
                              byte_view transport_key, byte_view transported, secret& out) {
    if (!serves(algorithm, mode))
        return failure(
            "bad_key", "transport_key",
            "is of " + std::string(to_string(algorithm)) + ", which does not serve " + std::string(to_string(mode)));
    const bool wraps = mode == transport_mode::aes_key_wrap;
    const auto unit = wraps ? semiblock : block_octets(algorithm);
    const auto least = wraps ? 3 * semiblock : unit;
    if (transported.size() < least || transported.size() % unit != 0 ||
        transported.size() > secret::capacity + (wraps ? semiblock : 0))
        return failure("bad_length", "key",
                       std::to_string(transported.size()) + " octets are no key under " + std::string(to_string(mode)));
    if (wraps) return unwrap_key(crypto, algorithm, transport_key, transported, out);
    const auto plain = out.resize(transported.size());
    std::ranges::copy(transported, plain.begin());
    const bool chained = mode == transport_mode::triple_des_cbc || mode == transport_mode::aes_cbc;
    auto done = chained ? crypto.cbc_decrypt(algorithm, transport_key, plain)
                        : crypto.ecb_decrypt(algorithm, transport_key, plain);
    if (!done) out.clear();
    return done;
}

std::optional<check_value_method> check_value_method_from(std::string_view name) {
    if (name == "zeros") return check_value_method::zeros;
    if (name == "ones") return check_value_method::ones;
    if (name == "cmac") return check_value_method::cmac;
    return std::nullopt;
}

result<bytes> key_check_block(block_crypto& crypto, cipher_algorithm algorithm, byte_view key,
                              check_value_method method) {
    const bool des = !is_aes(algorithm);
    bytes block(block_octets(algorithm),
                !des && method == check_value_method::ones ? std::uint8_t{1} : std::uint8_t{0});
    if (!des && method == check_value_method::cmac) {
        TESSERA_TRY_VALUE(const auto mac, crypto.cmac(algorithm, key, block));
        return bytes(mac.begin(), mac.end());
    }
    TESSERA_TRY(crypto.ecb_encrypt(algorithm, key, block));
    return block;
}

result<bool> check_value_holds(block_crypto& crypto, cipher_algorithm algorithm, byte_view key,
                               check_value_method method, byte_view given) {
    TESSERA_TRY_VALUE(const auto block, key_check_block(crypto, algorithm, key, method));
    constexpr std::size_t fewest = 2;
    if (given.size() < fewest || given.size() > block.size())
        return failure("bad_length", "key_check_value",
                       "expected 2 to " + std::to_string(block.size()) + " octets, usually 3");
    return equal_constant_time(byte_view(block).first(given.size()), given);
}

}  // namespace tessera::crypto
