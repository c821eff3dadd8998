#include "crypto/key_wrapper.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace tessera::crypto {
namespace {

constexpr std::uint8_t format_version = 0x01;
constexpr std::size_t nonce_octets = 12;
constexpr std::size_t tag_octets = 16;

struct free_context {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
struct free_cipher {
    void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};

class software_wrapper final : public key_wrapper {
public:
    software_wrapper(const secret& master_key, random_port& random)
        : master_key_(master_key.clone()),
          random_(&random),
          cipher_(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)),
          sealing_(EVP_CIPHER_CTX_new()),
          opening_(EVP_CIPHER_CTX_new()) {
        const auto* key = master_key_.reveal().data();
        if (master_key_.size() != master_key_octets || !cipher_ || !sealing_ || !opening_ ||
            EVP_EncryptInit_ex2(sealing_.get(), cipher_.get(), key, nullptr, nullptr) != 1 ||
            EVP_DecryptInit_ex2(opening_.get(), cipher_.get(), key, nullptr, nullptr) != 1)
            std::abort();  // no AES-256-GCM in libcrypto: nothing can be kept
    }

    result<void> wrap(byte_view plain, byte_view context, bytes& out) override {
        const auto start = out.size();
        out.resize(start + 1 + nonce_octets + plain.size() + tag_octets);
        auto* at = out.data() + start;
        *at++ = format_version;
        random_->fill({at, nonce_octets});
        auto* const body = at + nonce_octets;
        int length = 0;
        const bool good =
            EVP_EncryptInit_ex2(sealing_.get(), nullptr, nullptr, at, nullptr) == 1 &&
            EVP_EncryptUpdate(sealing_.get(), nullptr, &length, context.data(), static_cast<int>(context.size())) ==
                1 &&
            EVP_EncryptUpdate(sealing_.get(), body, &length, plain.data(), static_cast<int>(plain.size())) == 1 &&
            EVP_EncryptFinal_ex(sealing_.get(), body + length, &length) == 1 &&
            EVP_CIPHER_CTX_ctrl(sealing_.get(), EVP_CTRL_AEAD_GET_TAG, tag_octets, body + plain.size()) == 1;
        if (good) return {};
        out.resize(start);
        return failure("bad_wrapping", "key", "the cipher refused to work");
    }

    result<void> unwrap(byte_view wrapped, byte_view context, secret& out) override {
        constexpr std::size_t overhead = 1 + nonce_octets + tag_octets;
        if (wrapped.size() < overhead || wrapped[0] != format_version || wrapped.size() - overhead > secret::capacity)
            return failure("bad_wrapping", "key", "not a wrapped key of a form that this program knows");
        const auto nonce = wrapped.subspan(1, nonce_octets);
        const auto body = wrapped.subspan(1 + nonce_octets, wrapped.size() - overhead);
        std::array<std::uint8_t, tag_octets> tag{};
        std::copy(wrapped.end() - tag_octets, wrapped.end(), tag.begin());
        const auto plain = out.resize(body.size());
        int length = 0;
        const bool good =
            EVP_DecryptInit_ex2(opening_.get(), nullptr, nullptr, nonce.data(), nullptr) == 1 &&
            EVP_DecryptUpdate(opening_.get(), nullptr, &length, context.data(), static_cast<int>(context.size())) ==
                1 &&
            EVP_DecryptUpdate(opening_.get(), plain.data(), &length, body.data(), static_cast<int>(body.size())) == 1 &&
            EVP_CIPHER_CTX_ctrl(opening_.get(), EVP_CTRL_AEAD_SET_TAG, tag_octets, tag.data()) == 1 &&
            EVP_DecryptFinal_ex(opening_.get(), plain.data() + length, &length) == 1;
        if (good) return {};
        out.clear();
        return failure("bad_wrapping", "key", "does not open: damaged, or wrapped under another master key");
    }

    std::unique_ptr<key_wrapper> another() const override {
        return std::make_unique<software_wrapper>(master_key_, *random_);
    }

private:
    secret master_key_;
    random_port* random_;
    std::unique_ptr<EVP_CIPHER, free_cipher> cipher_;
    std::unique_ptr<EVP_CIPHER_CTX, free_context> sealing_;
    std::unique_ptr<EVP_CIPHER_CTX, free_context> opening_;
};

}  // namespace

std::unique_ptr<key_wrapper> make_software_wrapper(const secret& master_key, random_port& random) {
    return std::make_unique<software_wrapper>(master_key, random);
}

}  // namespace tessera::crypto
