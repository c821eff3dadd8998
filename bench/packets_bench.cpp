// Secured packets per second on one core, every packet with keys of its own, beside the bare OpenSSL calls that no
// packet can do without. packets_bench [--json]
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "codec/secured_packet.h"

namespace {

using namespace tessera;

constexpr std::size_t cards = 4096;      // keys in turn: more than the first cache holds
constexpr std::size_t data_octets = 82;  // gives a packet of 106 octets with either cipher
constexpr std::size_t packet_octets = 106;
constexpr int repetitions = 9;

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "packets_bench: %s failed\n", what);
    std::exit(1);
}

struct context_deleter {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
    void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

double processor_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Processor seconds that `work` takes: nothing here waits, so others on the machine must not count.
template <class Work>
double time_of(Work work) {
    const double begin = processor_seconds();
    work();
    return processor_seconds() - begin;
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

bool as_json = false;

// Runs both in turn, so that the machine's moods hit both; prints the median rate of the first and its ratio to the
// other.
template <class Ours, class Theirs>
void compare(std::string_view figure, std::string_view compared_to, int rounds, Ours ours, Theirs theirs) {
    std::vector<double> mine;
    std::vector<double> other;
    for (int repetition = 0; repetition < repetitions; ++repetition) {
        mine.push_back(time_of([&] {
            for (int round = 0; round < rounds; ++round) ours();
        }));
        other.push_back(time_of([&] {
            for (int round = 0; round < rounds; ++round) theirs();
        }));
    }
    const double packets = static_cast<double>(cards) * rounds;
    const double rate = packets / median(mine);
    const double ratio = median(other) / median(mine);
    const char* form = as_json ? "{\"bench\":\"packets\",\"figure\":\"%.*s\",\"value\":%.0f,\"unit\":\"packets/s\","
                                 "\"compared_to\":\"%.*s\",\"ratio\":%.3f}\n"
                               : "%-14.*s %10.0f packets/s   beside %.*s: %.2f\n";
    std::printf(form, static_cast<int>(figure.size()), figure.data(), rate, static_cast<int>(compared_to.size()),
                compared_to.data(), ratio);
}

struct fleet {
    explicit fleet(std::size_t key_octets) : kic(cards, bytes(key_octets)), kid(cards, bytes(key_octets)) {
        seeded_random random(2026);
        for (auto& key : kic) random.fill(key);
        for (auto& key : kid) random.fill(key);
        random.fill(data);
    }
    std::vector<bytes> kic;
    std::vector<bytes> kid;
    bytes data = bytes(data_octets);
};

// Sets a key and enciphers, twice: what a packet costs inside OpenSSL. The MAC takes one block more for its subkey
// where it is a CMAC.
class bare_openssl {
public:
    bare_openssl(const char* name, std::size_t ciphered, std::size_t checked) : ciphered_(ciphered), checked_(checked) {
        const std::unique_ptr<EVP_CIPHER, context_deleter> cipher(EVP_CIPHER_fetch(nullptr, name, nullptr));
        require(EVP_EncryptInit_ex2(context_.get(), cipher.get(), nullptr, zeros.data(), nullptr) == 1, name);
    }
    void run(const fleet& with) {
        for (std::size_t i = 0; i < cards; ++i) {
            one(with.kid[i], checked_);
            one(with.kic[i], ciphered_);
        }
    }

private:
    void one(const bytes& key, std::size_t octets) {
        int written = 0;
        EVP_EncryptInit_ex2(context_.get(), nullptr, key.data(), nullptr, nullptr);
        EVP_EncryptUpdate(context_.get(), buffer_.data(), &written, buffer_.data(), static_cast<int>(octets));
        require(static_cast<std::size_t>(written) == octets, "EVP_EncryptUpdate");
    }
    static constexpr std::array<std::uint8_t, 16> zeros{};
    std::unique_ptr<EVP_CIPHER_CTX, context_deleter> context_{EVP_CIPHER_CTX_new()};
    std::size_t ciphered_;
    std::size_t checked_;
    std::array<std::uint8_t, 256> buffer_{};
};

codec::packet_security security_of(std::uint8_t algorithm) {
    codec::packet_security security;
    security.spi = {0x16, 0x39};  // counter must be higher, ciphered, CC; the same back
    security.kic = security.kid = static_cast<std::uint8_t>(0x10U | algorithm);
    security.tar = {0xb0, 0x00, 0x10};
    return security;
}

void build(std::string_view figure, std::uint8_t algorithm, const char* cipher, std::size_t checked, int rounds) {
    const fleet with(16);
    const auto security = security_of(algorithm);
    codec::secured_packet_codec codec;
    bytes out;
    out.reserve(cards * packet_octets);
    std::uint64_t counter = 0;
    bare_openssl bare(cipher, 96, checked);
    compare(
        figure, "bare openssl", rounds,
        [&] {
            out.clear();
            ++counter;
            for (std::size_t i = 0; i < cards; ++i)
                require(codec.encode_command(security, {with.kic[i], with.kid[i]}, counter, with.data, out).has_value(),
                        "encode_command");
            require(out.size() == cards * packet_octets, "length");
        },
        [&] { bare.run(with); });
}

void decode_commands(const fleet& with) {
    codec::secured_packet_codec codec;
    bytes packets;
    for (std::size_t i = 0; i < cards; ++i)
        require(codec.encode_command(security_of(2), {with.kic[i], with.kid[i]}, 1, with.data, packets).has_value(),
                "encode_command");
    bare_openssl bare("AES-128-CBC", 96, 112);
    compare(
        "aes128_decode", "bare openssl", 40,
        [&] {
            for (std::size_t i = 0; i < cards; ++i) {
                const auto command = codec.decode_command(byte_view(packets).subspan(i * packet_octets, packet_octets),
                                                          {with.kic[i], with.kid[i]});
                require(command.has_value() && command->verified == true, "decode_command");
            }
        },
        [&] { bare.run(with); });
}

void decode_responses(const fleet& with) {
    codec::secured_packet_codec codec;
    const auto security = security_of(2);
    const bytes data = {0x02, 0x90, 0x00};
    bytes packets;
    for (std::size_t i = 0; i < cards; ++i)
        require(
            codec.encode_response(security, {with.kic[i], with.kid[i]}, 1, 0, data, false, false, packets).has_value(),
            "encode_response");
    const std::size_t octets = packets.size() / cards;
    bare_openssl bare("AES-128-CBC", 32, 48);
    compare(
        "aes128_response", "bare openssl", 40,
        [&] {
            for (std::size_t i = 0; i < cards; ++i) {
                const auto response = codec.decode_response(byte_view(packets).subspan(i * octets, octets), security,
                                                            {with.kic[i], with.kid[i]});
                require(response.has_value() && response->verified == true, "decode_response");
            }
        },
        [&] { bare.run(with); });
}

// Why CMAC is made of CBC: the library's own takes longer to take a new key.
void checksum(const fleet& with) {
    crypto::block_crypto crypto;
    const std::unique_ptr<EVP_MAC, context_deleter> mac(EVP_MAC_fetch(nullptr, "CMAC", nullptr));
    const std::unique_ptr<EVP_MAC_CTX, context_deleter> context(EVP_MAC_CTX_new(mac.get()));
    std::string name = "AES-128-CBC";
    const std::array<OSSL_PARAM, 2> params = {OSSL_PARAM_construct_utf8_string("cipher", name.data(), 0),
                                              OSSL_PARAM_construct_end()};
    require(EVP_MAC_CTX_set_params(context.get(), params.data()) == 1, "CMAC");
    compare(
        "aes128_cmac", "EVP_MAC", 40,
        [&] {
            for (const auto& key : with.kid)
                require(crypto.cmac(crypto::cipher_algorithm::aes128, key, with.data).has_value(), "cmac");
        },
        [&] {
            std::array<std::uint8_t, 16> out{};
            std::size_t octets = 0;
            for (const auto& key : with.kid)
                require(EVP_MAC_init(context.get(), key.data(), key.size(), nullptr) == 1 &&
                            EVP_MAC_update(context.get(), with.data.data(), with.data.size()) == 1 &&
                            EVP_MAC_final(context.get(), out.data(), &octets, out.size()) == 1,
                        "EVP_MAC");
        });
}

}  // namespace

int main(int argc, char** argv) {
    as_json = argc > 1 && std::string_view(argv[1]) == "--json";
    build("aes128_build", 2, "AES-128-CBC", 112, 40);  // 98 octets padded to 96 + 16 for the subkey
    build("3des2_build", 5, "DES-EDE-CBC", 104, 5);
    const fleet with(16);
    decode_commands(with);
    decode_responses(with);
    checksum(with);
    return 0;
}
