// Every command, response and primitive of ota.json through the codec, both ways.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "base/hex.h"
#include "codec/secured_packet.h"

namespace tessera::codec {
namespace {

namespace json = boost::json;

const json::array& vectors() {
    static const json::value file = [] {
        std::ifstream in(std::string(TESSERA_VECTORS) + "/ota.json");
        std::stringstream text;
        text << in.rdbuf();
        return json::parse(text.str());
    }();
    return file.at("vectors").as_array();
}

std::string text(const json::object& vector, std::string_view field) {
    const auto* value = vector.if_contains(field);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

bytes octets(const json::object& vector, std::string_view field) { return from_hex(text(vector, field)).value(); }

std::uint64_t number(const json::object& vector, std::string_view field) {
    return vector.at(field).to_number<std::uint64_t>();
}

// What a vector says, in the codec's terms. The proprietary algorithms stand in the vectors as their source names them.
struct input {
    packet_security security;
    bytes kic_key;
    bytes kid_key;
    std::uint64_t counter = 0;
    bytes data;

    [[nodiscard]] packet_keys keys() const { return {kic_key, kid_key}; }
    [[nodiscard]] implicit_algorithms agreed() const { return {security.implicit_cipher, security.implicit_check}; }
};

input read(const json::object& vector) {
    input from;
    const auto spi = octets(vector, "spi");
    from.security.spi = {spi.at(0), spi.at(1)};
    from.security.kic = octets(vector, "kic").at(0);
    from.security.kid = octets(vector, "kid").at(0);
    const auto tar = octets(vector, "tar");
    std::copy(tar.begin(), tar.end(), from.security.tar.begin());
    from.kic_key = octets(vector, "kic_key");
    from.kid_key = octets(vector, "kid_key");
    from.counter = load_big_endian(octets(vector, "cntr"));
    from.data = octets(vector, "apdu");
    const auto algorithm = text(vector, "algorithm");
    if (algorithm.starts_with("DESede/ECB"))
        from.security.implicit_cipher = from.kic_key.size() == 24 ? "3des3-ecb" : "3des2-ecb";
    if (algorithm.ends_with("XOR4")) from.security.implicit_check = "xor4";
    if (algorithm.ends_with("XOR8")) from.security.implicit_check = "xor8";
    if (algorithm.ends_with("CMAC-32")) from.security.aes_checksum_octets = 4;
    return from;
}

// Calls `check` with each vector of the direction and says how many there were.
template <class Check>
std::size_t each(std::string_view direction, Check check) {
    std::size_t count = 0;
    for (const auto& value : vectors()) {
        const auto& vector = value.as_object();
        if (text(vector, "direction") != direction) continue;
        SCOPED_TRACE("vector " + std::to_string(number(vector, "id")) + " " + text(vector, "name"));
        check(vector);
        ++count;
    }
    return count;
}

TEST(OtaVectors, EveryDirectionIsKnownHere) {
    for (const auto& vector : vectors()) {
        const std::set<std::string> known = {"command", "response", "primitive", "tpdu"};
        EXPECT_TRUE(known.contains(text(vector.as_object(), "direction")));
    }
}

TEST(OtaVectors, CommandsAreBuiltOctetForOctet) {
    secured_packet_codec codec;
    const auto count = each("command", [&](const json::object& vector) {
        const auto from = read(vector);
        bytes out = {0xee};  // what stood there stays
        const auto built = codec.encode_command(from.security, from.keys(), from.counter, from.data, out);
        ASSERT_TRUE(built) << to_string(built.error());
        EXPECT_EQ(to_hex(out), "ee" + text(vector, "expected"));
    });
    EXPECT_EQ(count, 34U);
}

TEST(OtaVectors, CommandsAreReadBack) {
    secured_packet_codec codec;
    each("command", [&](const json::object& vector) {
        const auto from = read(vector);
        const auto packet = octets(vector, "expected");
        const auto command = codec.decode_command(packet, from.keys(), from.agreed());
        ASSERT_TRUE(command) << to_string(command.error());
        EXPECT_EQ(command->security.spi, from.security.spi);
        EXPECT_EQ(command->security.kic, from.security.kic);
        EXPECT_EQ(command->security.kid, from.security.kid);
        EXPECT_EQ(command->security.tar, from.security.tar);
        EXPECT_EQ(command->counter, from.counter);
        EXPECT_EQ(to_hex(command->data), text(vector, "apdu"));
        EXPECT_EQ(command->security.aes_checksum_octets, from.security.aes_checksum_octets);
        const bool checked = from.security.spi.command_integrity() != integrity::none;
        EXPECT_EQ(command->verified, checked ? std::optional(true) : std::nullopt);
    });
}

TEST(OtaVectors, ResponsesAreReadAndTheWrongOneIsNotVerified) {
    secured_packet_codec codec;
    std::size_t negatives = 0;
    const auto count = each("response", [&](const json::object& vector) {
        const auto from = read(vector);
        const auto& expected = vector.at("expected").as_object();
        for (const auto* field : {"packet", "short_message"}) {
            const auto packet = octets(vector, field);
            const auto response = codec.decode_response(packet, from.security, from.keys());
            ASSERT_TRUE(response) << to_string(response.error());
            EXPECT_EQ(to_hex(response->tar), text(expected, "tar"));
            EXPECT_EQ(response->counter, load_big_endian(octets(expected, "cntr")));
            EXPECT_EQ(response->padding_counter, number(expected, "pcntr"));
            EXPECT_EQ(response->status, number(expected, "status"));
            EXPECT_EQ(to_hex(response->data), text(expected, "data"));
            EXPECT_TRUE(response->secured);
            const bool conformant = vector.at("conformant").as_bool();
            const bool checked = !text(expected, "cc").empty();
            EXPECT_EQ(response->verified, checked ? std::optional(conformant) : std::nullopt);
            if (!conformant) ++negatives;
        }
    });
    EXPECT_EQ(count, 14U);
    EXPECT_EQ(negatives, 2U);  // one vector, in both forms
}

// Some cards pad with something else than zeros, and the CC covers the padding: such a packet is read, not rebuilt.
bool padded_with_zeros(const json::object& vector, const input& from) {
    const auto padding = number(vector.at("expected").as_object(), "pcntr");
    if (padding == 0) return true;
    auto ciphered = octets(vector, "packet");
    ciphered.erase(ciphered.begin(), ciphered.begin() + 6);
    const bool aes = (from.security.kic & 0x0fU) == 2;
    const auto algorithm = aes ? crypto::cipher_algorithm::aes128 : crypto::cipher_algorithm::triple_des_2key;
    EXPECT_TRUE(crypto::block_crypto().cbc_decrypt(algorithm, from.kic_key, ciphered));
    return std::all_of(ciphered.end() - static_cast<std::ptrdiff_t>(padding), ciphered.end(),
                       [](std::uint8_t octet) { return octet == 0; });
}

TEST(OtaVectors, ResponsesAreBuiltOctetForOctet) {
    secured_packet_codec codec;
    std::size_t rebuilt = 0;
    each("response", [&](const json::object& vector) {
        const auto from = read(vector);
        if (!vector.at("conformant").as_bool() || !padded_with_zeros(vector, from)) return;
        const auto& expected = vector.at("expected").as_object();
        for (const bool with_header : {false, true}) {
            bytes out;
            const auto built =
                codec.encode_response(from.security, from.keys(), load_big_endian(octets(expected, "cntr")),
                                      static_cast<std::uint8_t>(number(expected, "status")), octets(expected, "data"),
                                      false, with_header, out);
            ASSERT_TRUE(built) << to_string(built.error());
            EXPECT_EQ(to_hex(out), text(vector, with_header ? "short_message" : "packet"));
        }
        ++rebuilt;
    });
    EXPECT_EQ(rebuilt, 11U);
}

TEST(OtaVectors, PrimitivesHold) {
    crypto::block_crypto crypto;
    const auto count = each("primitive", [&](const json::object& vector) {
        const auto key = octets(vector, "kid_key");
        const auto message = octets(vector, "message");
        const auto algorithm = text(vector, "algorithm");
        std::string got;
        if (algorithm == "3DES2-CBC-MAC")
            got = to_hex(crypto.cbc_mac(crypto::cipher_algorithm::triple_des_2key, key, message).value());
        else if (algorithm == "AES-CMAC-64")
            got = to_hex(byte_view(crypto.cmac(crypto::cipher_algorithm::aes128, key, message).value()).first(8));
        else if (algorithm.starts_with("CRC32"))
            append_hex(got, [&] {
                bytes out;
                append_big_endian(out, crypto::crc32_ieee(message), 4);
                return out;
            }());
        EXPECT_EQ(got, text(vector, "expected")) << algorithm;
    });
    EXPECT_EQ(count, 7U);
}

}  // namespace
}  // namespace tessera::codec
