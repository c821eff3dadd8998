#include "cards/key_vault.h"

#include <algorithm>
#include <array>

namespace tessera::cards {
namespace {

class wrapping_context {
public:
    wrapping_context(card_id card, const key_set_header& header) {
        octets_[0] = 'K';
        store_big_endian(octets_.data() + 1, static_cast<std::uint64_t>(card.value), 8);
        octets_[9] = header.key_version;
        octets_[10] = static_cast<std::uint8_t>(header.kic_algorithm);
        octets_[11] = static_cast<std::uint8_t>(header.kid_algorithm);
        if (header.application == all_applications) return;
        store_big_endian(octets_.data() + 12, static_cast<std::uint64_t>(header.application), 3);
        size_ += 3;
    }
    [[nodiscard]] byte_view octets() const { return byte_view(octets_).first(size_); }

private:
    std::array<std::uint8_t, 15> octets_{};
    std::size_t size_ = 12;
};

// 'K' names key sets, 'D' what encrypts keys.
std::array<std::uint8_t, 11> encryption_context(card_id card, std::uint8_t key_version,
                                                crypto::cipher_algorithm algorithm) {
    std::array<std::uint8_t, 11> context{'D'};
    store_big_endian(context.data() + 1, static_cast<std::uint64_t>(card.value), 8);
    context[9] = key_version;
    context[10] = static_cast<std::uint8_t>(algorithm);
    return context;
}

}  // namespace

result<void> key_vault::wrap(card_id card, const key_set& keys, bytes& out) {
    secret both;
    const auto plain = both.resize(keys.kic.size() + keys.kid.size());
    std::copy(keys.kic.reveal().begin(), keys.kic.reveal().end(), plain.begin());
    std::copy(keys.kid.reveal().begin(), keys.kid.reveal().end(),
              plain.begin() + static_cast<std::ptrdiff_t>(keys.kic.size()));
    return wrapper_->wrap(both.reveal(), wrapping_context(card, keys.header).octets(), out);
}

result<key_set> key_vault::unwrap(card_id card, const key_set_header& header, byte_view wrapped) {
    secret both;
    TESSERA_TRY(wrapper_->unwrap(wrapped, wrapping_context(card, header).octets(), both));
    const auto kic_octets = crypto::key_octets(header.kic_algorithm);
    const auto kid_octets = crypto::key_octets(header.kid_algorithm);
    if (both.size() != kic_octets + kid_octets)
        return failure("bad_wrapping", "key", "its length is not that of its algorithms");
    return key_set{header, secret(both.reveal().first(kic_octets)), secret(both.reveal().subspan(kic_octets))};
}

result<void> key_vault::wrap_other(const secret& key, byte_view context, bytes& out) {
    return wrapper_->wrap(key.reveal(), context, out);
}

result<secret> key_vault::unwrap_other(byte_view wrapped, byte_view context) {
    secret key;
    TESSERA_TRY(wrapper_->unwrap(wrapped, context, key));
    return key;
}

result<void> key_vault::wrap_encryption_key(card_id card, std::uint8_t key_version, crypto::cipher_algorithm algorithm,
                                            const secret& key, bytes& out) {
    return wrapper_->wrap(key.reveal(), encryption_context(card, key_version, algorithm), out);
}

result<secret> key_vault::unwrap_encryption_key(card_id card, std::uint8_t key_version,
                                                crypto::cipher_algorithm algorithm, byte_view wrapped) {
    secret key;
    TESSERA_TRY(wrapper_->unwrap(wrapped, encryption_context(card, key_version, algorithm), key));
    if (key.size() != crypto::key_octets(algorithm))
        return failure("bad_wrapping", "key", "its length is not that of its algorithm");
    return key;
}

}  // namespace tessera::cards
