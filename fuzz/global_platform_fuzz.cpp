// What cards and servers read of remote application management: lists of objects, fields of INSTALL, keys of PUT KEY.
#include <array>

#include "codec/ber_tlv.h"
#include "codec/global_platform.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    const byte_view input(data, size);
    static crypto::block_crypto crypto;
    constexpr std::array<std::uint8_t, 16> key{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    static_cast<void>(codec::global_platform::parse_status(input));
    static_cast<void>(codec::global_platform::parse_fields(input, 6));
    static_cast<void>(codec::parse_apdu(input));
    static_cast<void>(codec::find_ber_tlv(input, 0x4f));
    for (const auto algorithm : {crypto::cipher_algorithm::triple_des_2key, crypto::cipher_algorithm::aes128})
        static_cast<void>(codec::global_platform::parse_put_key(crypto, input, algorithm, key));
    return 0;
}
