// How keys travel from a card vendor to an operator: enciphered under a transport key, with check values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/block_crypto.h"

namespace tessera::crypto {

// Modes of vendors' files. CBC begins with a vector of zeros. key_wrap is RFC 3394, whose integrity check is its own.
enum class transport_mode : std::uint8_t { triple_des_ecb, triple_des_cbc, aes_ecb, aes_cbc, aes_key_wrap };
// "3des-ecb", "3des-cbc", "aes-ecb", "aes-cbc", "aes-key-wrap".
[[nodiscard]] std::string_view to_string(transport_mode mode);
[[nodiscard]] std::optional<transport_mode> transport_mode_from(std::string_view name);
// A transport key of this algorithm serves that mode.
[[nodiscard]] bool serves(cipher_algorithm algorithm, transport_mode mode);

// Octets of a key of `plain_octets` when it is enciphered.
[[nodiscard]] std::size_t transported_octets(transport_mode mode, std::size_t plain_octets);

// Errors: bad_length (no whole number of blocks, or longer than a secret holds), bad_key, bad_transport (key_wrap: it
// does not open). They say nothing of the octets.
[[nodiscard]] result<void> open_transported(block_crypto& crypto, transport_mode mode, cipher_algorithm algorithm,
                                            byte_view transport_key, byte_view transported, secret& out);

// Over what an AES key check value is computed: a block of 00, a block of 01 (GlobalPlatform card specification,
// SCP03), or CMAC over a block of 00 (ANSI X9.24-1). DES and 3DES take a block of zeros, whatever is asked for.
enum class check_value_method : std::uint8_t { zeros, ones, cmac };
[[nodiscard]] std::optional<check_value_method> check_value_method_from(std::string_view name);

// The first octets of it are the key check value, as many as somebody gives.
[[nodiscard]] result<bytes> key_check_block(block_crypto& crypto, cipher_algorithm algorithm, byte_view key,
                                            check_value_method method);
// `given` has 2 to a block's octets. Constant time. False: another key.
[[nodiscard]] result<bool> check_value_holds(block_crypto& crypto, cipher_algorithm algorithm, byte_view key,
                                             check_value_method method, byte_view given);

}  // namespace tessera::crypto
