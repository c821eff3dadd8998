#include "codec/global_platform.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::codec::global_platform {
namespace {

bytes octets(std::string_view hex) { return from_hex(hex).value(); }

TEST(global_platform, install_for_load_has_five_fields) {
    const auto made = install_for_load({octets("a00000000101"), octets("a000000151000000"), {}, {}, {}});
    ASSERT_TRUE(made);
    EXPECT_EQ(to_hex(*made),
              "80e6020013"
              "06a00000000101"
              "08a000000151000000"
              "00"
              "00"
              "00");
    EXPECT_EQ(install_for_load({octets("a0000000"), {}, {}, {}, {}}).error().field, "load_file");
}

TEST(global_platform, install_and_make_selectable_has_six_fields) {
    const auto load_file = octets("a00000000101");
    const auto applet = octets("a0000000010101");
    const auto made = install_and_make_selectable({load_file, applet, applet, octets("00"), octets("c900"), {}});
    ASSERT_TRUE(made);
    EXPECT_EQ(to_hex(*made),
              "80e60c001d"
              "06a00000000101"
              "07a0000000010101"
              "07a0000000010101"
              "0100"
              "02c900"
              "00");
    const auto fields = parse_fields(parse_apdu(*made)->data, 6);
    ASSERT_TRUE(fields);
    EXPECT_EQ(to_hex((*fields)[4]), "c900");
    EXPECT_FALSE(parse_fields(parse_apdu(*made)->data, 5));
    EXPECT_FALSE(parse_fields(parse_apdu(*made)->data, 7));
    const bytes long_parameters(240, 0);
    EXPECT_EQ(install_and_make_selectable({load_file, applet, applet, {}, long_parameters, {}}).error().code,
              "too_long");
}

TEST(global_platform, load_cuts_the_data_block_and_marks_the_last_piece) {
    const bytes components(300, 0xaa);
    const auto blocks = load_blocks(components, 100);
    ASSERT_TRUE(blocks);
    ASSERT_EQ(blocks->size(), 4U);
    EXPECT_EQ(to_hex(byte_view((*blocks)[0]).first(10)), "80e8000064c482012caa");
    EXPECT_EQ(to_hex(byte_view((*blocks)[1]).first(5)), "80e8000164");
    EXPECT_EQ(to_hex(byte_view((*blocks)[3]).first(5)), "80e8800304");
    bytes whole;
    for (const auto& block : *blocks) append(whole, parse_apdu(block)->data);
    EXPECT_EQ(whole.size(), 304U);
    EXPECT_EQ(load_blocks(bytes(60'000), 200).error().code, "too_long");
    EXPECT_EQ(load_blocks(bytes(70'000), 255).error().code, "too_long");
    EXPECT_EQ(load_blocks(components, 256).error().code, "bad_length");
}

TEST(global_platform, delete_and_get_status_name_the_aid) {
    EXPECT_EQ(to_hex(*delete_object(octets("a00000000101"), true)), "80e40080084f06a00000000101");
    EXPECT_EQ(to_hex(*delete_object(octets("a00000000101"), false)), "80e40000084f06a00000000101");
    EXPECT_EQ(to_hex(*get_status(status_of::applications, octets("a00000000101"))), "80f24002084f06a00000000101");
    EXPECT_EQ(to_hex(with_expected(*get_status(status_of::load_files, octets("a00000000101")))),
              "80f22002084f06a0000000010100");
}

TEST(global_platform, status_is_read_entry_by_entry) {
    const auto data = octets("e3154f06a000000001019f700101c50100ce020100cc00e30b4f05a0000000019f700107");
    const auto entries = parse_status(data);
    ASSERT_TRUE(entries) << to_string(entries.error());
    ASSERT_EQ(entries->size(), 2U);
    EXPECT_EQ(to_hex((*entries)[0].aid), "a00000000101");
    EXPECT_EQ((*entries)[0].life_cycle, load_file_loaded);
    EXPECT_EQ(to_hex((*entries)[0].version), "0100");
    EXPECT_EQ((*entries)[1].life_cycle, application_selectable);
    EXPECT_TRUE((*entries)[1].version.empty());
    EXPECT_FALSE(parse_status(octets("e3034f05a0")));
    EXPECT_FALSE(parse_status(octets("e3074f05a000000001")));
}

// Check values known from elsewhere: OpenSSL's own command line, `openssl enc -aes-128-ecb -nopad` and -des-ede.
TEST(global_platform, key_check_values) {
    crypto::block_crypto crypto;
    const auto key = octets("404142434445464748494a4b4c4d4e4f");
    // The default key of GlobalPlatform test cards: 8BAF47 as 3DES, 504A77 as AES.
    EXPECT_EQ(to_hex(*key_check_value(crypto, crypto::cipher_algorithm::triple_des_2key, key)), "8baf47");
    EXPECT_EQ(to_hex(*key_check_value(crypto, crypto::cipher_algorithm::aes128, key)), "504a77");
}

TEST(global_platform, put_key_carries_encrypted_keys_and_their_check_values) {
    crypto::block_crypto crypto;
    using crypto::cipher_algorithm;
    const auto dek = octets("404142434445464748494a4b4c4d4e4f");
    const auto one = octets("000102030405060708090a0b0c0d0e0f");
    const auto long_one = octets("000102030405060708090a0b0c0d0e0f1011121314151617");
    for (const auto encryption : {cipher_algorithm::triple_des_2key, cipher_algorithm::aes128}) {
        key_request request{.replaced = 1, .version = 2, .keys = {}, .encryption = encryption, .encryption_key = dek};
        request.keys = {{cipher_algorithm::aes128, one},
                        {cipher_algorithm::triple_des_2key, one},
                        {cipher_algorithm::aes192, long_one}};
        const auto made = put_key(crypto, request);
        ASSERT_TRUE(made) << to_string(made.error());
        const auto command = parse_apdu(*made);
        ASSERT_TRUE(command);
        EXPECT_EQ(to_hex(byte_view(*made).first(4)), "80d80181");
        EXPECT_EQ(command->data[0], 2);
        EXPECT_EQ(to_hex(command->data.subspan(1, 3)), "881110");
        const auto keys = parse_put_key(crypto, command->data.subspan(1), encryption, dek);
        ASSERT_TRUE(keys) << to_string(keys.error());
        ASSERT_EQ(keys->size(), 3U);
        EXPECT_EQ(to_hex((*keys)[0].key.reveal()), to_hex(one));
        EXPECT_EQ((*keys)[1].algorithm, cipher_algorithm::triple_des_2key);
        EXPECT_EQ(to_hex((*keys)[2].key.reveal()), to_hex(long_one));
        const auto check = *key_check_value(crypto, cipher_algorithm::aes192, long_one);
        EXPECT_EQ(to_hex((*keys)[2].check_value), to_hex(check));
    }
    EXPECT_FALSE(parse_put_key(crypto, octets("8811"), cipher_algorithm::aes128, dek));
    EXPECT_FALSE(parse_put_key(crypto, octets("99021000"), cipher_algorithm::aes128, dek));
    EXPECT_FALSE(parse_put_key(crypto, octets("881110000000"), cipher_algorithm::aes128, dek));
}

}  // namespace
}  // namespace tessera::codec::global_platform
