// Key material at rest: authenticated encryption under a master key. A port, so that the master key may live in a
// token.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace tessera::crypto {

inline constexpr std::size_t master_key_octets = 32;

// One per thread: not thread safe; another() makes one for another thread.
class key_wrapper {
public:
    virtual ~key_wrapper() = default;
    // Appends the wrapped form to `out`. `context` names what the key belongs to; unwrapping under another context
    // fails.
    [[nodiscard]] virtual result<void> wrap(byte_view plain, byte_view context, bytes& out) = 0;
    // Writes the plain octets to `out`. Errors: bad_wrapping (damaged, another master key, another context).
    [[nodiscard]] virtual result<void> unwrap(byte_view wrapped, byte_view context, secret& out) = 0;
    [[nodiscard]] virtual std::unique_ptr<key_wrapper> another() const = 0;
};

// AES-256-GCM: format octet 01, nonce (12, random), ciphertext, tag (16). NIST SP 800-38D allows 2^32 random nonces a
// key.
[[nodiscard]] std::unique_ptr<key_wrapper> make_software_wrapper(const secret& master_key, random_port& random);

}  // namespace tessera::crypto
