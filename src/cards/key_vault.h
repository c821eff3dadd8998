// Key sets at rest: what the database holds is wrapped under the master key and bound to its card, version,
// algorithms and application.
#pragma once

#include <memory>

#include "cards/types.h"
#include "crypto/key_wrapper.h"

namespace tessera::cards {

// Not thread safe; another() makes one for another thread.
class key_vault {
public:
    explicit key_vault(std::unique_ptr<crypto::key_wrapper> wrapper) : wrapper_(std::move(wrapper)) {}
    [[nodiscard]] key_vault another() const { return key_vault(wrapper_->another()); }

    // Appends the wrapped KIc and KID.
    [[nodiscard]] result<void> wrap(card_id card, const key_set& keys, bytes& out);
    // Errors: bad_wrapping.
    [[nodiscard]] result<key_set> unwrap(card_id card, const key_set_header& header, byte_view wrapped);

    // Keys of another kind; the context, which begins with another letter than 'K' and 'D', says what they belong to.
    [[nodiscard]] result<void> wrap_other(const secret& key, byte_view context, bytes& out);
    // Errors: bad_wrapping.
    [[nodiscard]] result<secret> unwrap_other(byte_view wrapped, byte_view context);

    // The same for a key encryption key, bound to card, version and algorithm.
    [[nodiscard]] result<void> wrap_encryption_key(card_id card, std::uint8_t key_version,
                                                   crypto::cipher_algorithm algorithm, const secret& key, bytes& out);
    [[nodiscard]] result<secret> unwrap_encryption_key(card_id card, std::uint8_t key_version,
                                                       crypto::cipher_algorithm algorithm, byte_view wrapped);

private:
    std::unique_ptr<crypto::key_wrapper> wrapper_;
};

}  // namespace tessera::cards
