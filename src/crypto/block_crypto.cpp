#include "crypto/block_crypto.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "base/secret.h"

namespace tessera::crypto {
namespace {

enum class chaining : std::uint8_t { cbc, ecb };
enum class direction : std::uint8_t { decrypt = 0, encrypt = 1 };

// Single DES runs as two-key 3DES with K, K: the same function, without OpenSSL's legacy provider. Two keys have a
// schedule of their own (DES-EDE), since setting a third key would cost a third of the key set-up.
enum class schedule : std::uint8_t { two_key_des, three_key_des, aes128, aes192, aes256 };
constexpr std::size_t schedules = 5;

constexpr std::array<std::array<const char*, 2>, schedules> openssl_names = {{
    {"DES-EDE-CBC", "DES-EDE-ECB"},
    {"DES-EDE3-CBC", "DES-EDE3-ECB"},
    {"AES-128-CBC", "AES-128-ECB"},
    {"AES-192-CBC", "AES-192-ECB"},
    {"AES-256-CBC", "AES-256-ECB"},
}};

struct algorithm_facts {
    cipher_algorithm algorithm;
    std::string_view name;
    std::uint8_t key_octets;
    std::uint8_t block_octets;
    schedule runs_as;
};
constexpr std::array<algorithm_facts, 6> facts = {{
    {cipher_algorithm::des, "des", 8, 8, schedule::two_key_des},
    {cipher_algorithm::triple_des_2key, "3des2", 16, 8, schedule::two_key_des},
    {cipher_algorithm::triple_des_3key, "3des3", 24, 8, schedule::three_key_des},
    {cipher_algorithm::aes128, "aes128", 16, 16, schedule::aes128},
    {cipher_algorithm::aes192, "aes192", 24, 16, schedule::aes192},
    {cipher_algorithm::aes256, "aes256", 32, 16, schedule::aes256},
}};
const algorithm_facts& facts_of(cipher_algorithm algorithm) { return facts[static_cast<std::size_t>(algorithm)]; }

struct context_deleter {
    // Freeing resets, and OpenSSL cleanses the key schedule as it does so.
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using context_pointer = std::unique_ptr<EVP_CIPHER_CTX, context_deleter>;

constexpr std::array<std::uint8_t, 16> zero_vector{};

context_pointer make_context(const char* name, direction way) {
    EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
    context_pointer context(EVP_CIPHER_CTX_new());
    const int encrypts = way == direction::encrypt ? 1 : 0;
    if (cipher == nullptr || context == nullptr ||
        EVP_CipherInit_ex2(context.get(), cipher, nullptr, zero_vector.data(), encrypts, nullptr) != 1)
        std::abort();
    // An encrypting context gives every whole block at once, padding or not, and switching padding off costs at every
    // re-keying; a decrypting one would hold the last block back.
    if (way == direction::decrypt) EVP_CIPHER_CTX_set_padding(context.get(), 0);
    EVP_CIPHER_free(cipher);  // the context holds a reference of its own
    return context;
}

// Messages of any length pass through a buffer of this size, a multiple of both blocks.
constexpr std::size_t pass_octets = 512;

std::unexpected<error> bad_key(cipher_algorithm algorithm, std::size_t got) {
    return failure("bad_key", "key",
                   std::string(to_string(algorithm)) + " takes a key of " + std::to_string(key_octets(algorithm)) +
                       " octets, got " + std::to_string(got));
}

std::unexpected<error> library_failure(cipher_algorithm algorithm) {
    return failure("crypto_failed", {}, "OpenSSL refused " + std::string(to_string(algorithm)));
}

std::uint64_t load_word(const std::uint8_t* from) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    return std::endian::native == std::endian::big ? word : std::byteswap(word);
}
void store_word(std::uint8_t* to, std::uint64_t word) {
    if (std::endian::native != std::endian::big) word = std::byteswap(word);
    std::memcpy(to, &word, sizeof word);
}

// Doubling in GF(2^128), NIST SP 800-38B clause 6.1; without a branch on the secret.
void double_block(const std::uint8_t* from, std::uint8_t* to) {
    std::uint64_t high = load_word(from);
    std::uint64_t low = load_word(from + 8);
    const std::uint64_t reduce = (0 - (high >> 63U)) & 0x87U;
    high = high << 1U | low >> 63U;
    low = low << 1U ^ reduce;
    store_word(to, high);
    store_word(to + 8, low);
}

void exclusive_or(std::uint8_t* to, const std::uint8_t* with) {
    for (std::size_t i = 0; i < 16; ++i) to[i] = static_cast<std::uint8_t>(to[i] ^ with[i]);
}

}  // namespace

std::string_view to_string(cipher_algorithm algorithm) { return facts_of(algorithm).name; }

std::optional<cipher_algorithm> cipher_algorithm_from(std::string_view name) {
    for (const auto& fact : facts)
        if (fact.name == name) return fact.algorithm;
    return std::nullopt;
}

std::size_t key_octets(cipher_algorithm algorithm) { return facts_of(algorithm).key_octets; }
std::size_t block_octets(cipher_algorithm algorithm) { return facts_of(algorithm).block_octets; }

struct block_crypto::state {
    // [schedule][chaining][direction]
    std::array<std::array<std::array<context_pointer, 2>, 2>, schedules> contexts;

    // The context of the algorithm, keyed; null if OpenSSL refuses. `key` has the right length. Setting a key alone
    // also goes back to the initial vector of the context's making, zero; handing that in each time costs a fifth of a
    // packet.
    EVP_CIPHER_CTX* keyed(cipher_algorithm algorithm, chaining mode, direction way, byte_view key) {
        auto* context = contexts[static_cast<std::size_t>(facts_of(algorithm).runs_as)][static_cast<std::size_t>(mode)]
                                [static_cast<std::size_t>(way)]
                                    .get();
        if (algorithm != cipher_algorithm::des)
            return EVP_CipherInit_ex2(context, nullptr, key.data(), nullptr, -1, nullptr) == 1 ? context : nullptr;
        std::array<std::uint8_t, 16> twice{};
        std::copy(key.begin(), key.end(), twice.begin());
        std::copy(key.begin(), key.end(), twice.begin() + 8);
        const bool done = EVP_CipherInit_ex2(context, nullptr, twice.data(), nullptr, -1, nullptr) == 1;
        wipe(twice);
        return done ? context : nullptr;
    }

    result<void> run(cipher_algorithm algorithm, chaining mode, direction way, byte_view key,
                     std::span<std::uint8_t> octets) {
        if (key.size() != key_octets(algorithm)) return bad_key(algorithm, key.size());
        if (octets.size() % block_octets(algorithm) != 0 ||
            octets.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
            return failure("bad_length", {},
                           std::to_string(octets.size()) + " octets are no whole number of blocks of " +
                               std::to_string(block_octets(algorithm)));
        if (octets.empty()) return {};
        auto* context = keyed(algorithm, mode, way, key);
        if (context == nullptr || !update(context, octets)) return library_failure(algorithm);
        return {};
    }

    // In place, whole blocks.
    static bool update(EVP_CIPHER_CTX* context, std::span<std::uint8_t> octets) {
        int written = 0;
        return EVP_CipherUpdate(context, octets.data(), &written, octets.data(), static_cast<int>(octets.size())) ==
                   1 &&
               static_cast<std::size_t>(written) == octets.size();
    }
};

block_crypto::block_crypto() : state_(std::make_unique<state>()) {
    for (std::size_t s = 0; s < schedules; ++s)
        for (std::size_t mode = 0; mode < 2; ++mode)
            for (std::size_t way = 0; way < 2; ++way)
                state_->contexts[s][mode][way] = make_context(openssl_names[s][mode], static_cast<direction>(way));
}
block_crypto::~block_crypto() = default;
block_crypto::block_crypto(block_crypto&&) noexcept = default;
block_crypto& block_crypto::operator=(block_crypto&&) noexcept = default;

result<void> block_crypto::cbc_encrypt(cipher_algorithm algorithm, byte_view key, std::span<std::uint8_t> octets) {
    return state_->run(algorithm, chaining::cbc, direction::encrypt, key, octets);
}
result<void> block_crypto::cbc_decrypt(cipher_algorithm algorithm, byte_view key, std::span<std::uint8_t> octets) {
    return state_->run(algorithm, chaining::cbc, direction::decrypt, key, octets);
}
result<void> block_crypto::ecb_encrypt(cipher_algorithm algorithm, byte_view key, std::span<std::uint8_t> octets) {
    return state_->run(algorithm, chaining::ecb, direction::encrypt, key, octets);
}
result<void> block_crypto::ecb_decrypt(cipher_algorithm algorithm, byte_view key, std::span<std::uint8_t> octets) {
    return state_->run(algorithm, chaining::ecb, direction::decrypt, key, octets);
}

result<std::array<std::uint8_t, 8>> block_crypto::cbc_mac(cipher_algorithm algorithm, byte_view key,
                                                          byte_view message) {
    if (is_aes(algorithm))
        return failure("unsupported_algorithm", {}, "a CBC-MAC is defined for DES and 3DES; AES takes CMAC");
    if (key.size() != key_octets(algorithm)) return bad_key(algorithm, key.size());
    auto* context = state_->keyed(algorithm, chaining::cbc, direction::encrypt, key);
    if (context == nullptr) return library_failure(algorithm);
    std::array<std::uint8_t, pass_octets> pass;
    std::array<std::uint8_t, 8> mac{};
    do {
        const std::size_t taken = std::min(message.size(), pass.size());
        const std::size_t whole =
            std::max<std::size_t>((taken + 7) / 8 * 8, 8);  // no message at all is one block of zeros
        std::copy_n(message.begin(), taken, pass.begin());
        std::fill_n(pass.begin() + static_cast<std::ptrdiff_t>(taken), whole - taken, std::uint8_t{0});
        message = message.subspan(taken);
        if (!state::update(context, std::span(pass).first(whole))) return library_failure(algorithm);
        std::copy_n(pass.begin() + static_cast<std::ptrdiff_t>(whole - 8), 8, mac.begin());
    } while (!message.empty());
    return mac;
}

// CMAC is CBC with the last block changed by a subkey, and the subkey comes from enciphering a block of zeros: so one
// context, keyed once, does both. That first block leaves itself in the chain, therefore the message's first block
// takes it off again. EVP_MAC takes longer to re-key than all of this (bench/packets_bench.cpp).
result<std::array<std::uint8_t, 16>> block_crypto::cmac(cipher_algorithm algorithm, byte_view key, byte_view message) {
    if (!is_aes(algorithm)) return failure("unsupported_algorithm", {}, "CMAC is defined here for AES only");
    if (key.size() != key_octets(algorithm)) return bad_key(algorithm, key.size());
    auto* context = state_->keyed(algorithm, chaining::cbc, direction::encrypt, key);
    if (context == nullptr) return library_failure(algorithm);

    std::array<std::uint8_t, 48> subkeys{};  // enciphered zeros, K1, K2
    if (!state::update(context, std::span(subkeys).first(16))) return library_failure(algorithm);
    double_block(subkeys.data(), subkeys.data() + 16);
    double_block(subkeys.data() + 16, subkeys.data() + 32);

    std::array<std::uint8_t, pass_octets> pass;
    std::array<std::uint8_t, 16> mac{};
    bool first = true;
    bool done = true;
    bool last = false;
    while (done && !last) {
        last = message.size() <= pass.size();
        const std::size_t taken = std::min(message.size(), pass.size());
        std::size_t whole = taken;
        std::copy_n(message.begin(), taken, pass.begin());
        if (last && (taken == 0 || taken % 16 != 0)) {
            whole = (taken / 16 + 1) * 16;
            std::fill_n(pass.begin() + static_cast<std::ptrdiff_t>(taken), whole - taken, std::uint8_t{0});
            pass[taken] = 0x80;
        }
        if (last) exclusive_or(pass.data() + whole - 16, subkeys.data() + (whole == taken ? 16 : 32));
        if (first) exclusive_or(pass.data(), subkeys.data());
        first = false;
        message = message.subspan(taken);
        done = state::update(context, std::span(pass).first(whole));
        std::copy_n(pass.begin() + static_cast<std::ptrdiff_t>(whole - 16), 16, mac.begin());
    }
    wipe(subkeys);
    if (!done) return library_failure(algorithm);
    return mac;
}

}  // namespace tessera::crypto
