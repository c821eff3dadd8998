#include "sim/application_manager.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "codec/cap_file.h"
#include "codec/global_platform.h"
#include "codec/test_cap.h"

namespace tessera::sim {
namespace {

namespace gp = codec::global_platform;
using crypto::cipher_algorithm;

bytes octets(std::string_view hex) { return from_hex(hex).value(); }

class application_manager_test : public testing::Test {
protected:
    void SetUp() override {
        keys.versions = {1};
        keys.encryption = cipher_algorithm::aes128;
        keys.encryption_key = encryption_key;
        manager.begin(7, keys);
    }
    std::uint16_t run(byte_view command) { return manager.run_command(codec::parse_apdu(command).value()).status_word; }
    std::uint16_t announce() { return run(*gp::install_for_load({cap.package, {}, {}, {}, {}})); }
    std::uint16_t load_all(std::size_t block = 60) {
        std::uint16_t word = 0;
        const auto blocks = gp::load_blocks(cap.components, block).value();
        for (const auto& one : blocks) word = run(one);
        return word;
    }
    std::uint16_t install(byte_view instance) {
        return run(*gp::install_and_make_selectable(
            {cap.package, cap.applets[0], instance, octets("00"), octets("c900"), {}}));
    }

    codec::cap_file cap = codec::read_cap(codec::test_cap()).value();
    bytes encryption_key = octets("404142434445464748494a4b4c4d4e4f");
    card_keys keys;
    application_manager manager;
};

TEST_F(application_manager_test, loads_and_installs_in_order) {
    EXPECT_EQ(announce(), 0x9000);
    EXPECT_EQ(load_all(), 0x9000);
    ASSERT_EQ(manager.load_files(7).size(), 1U);
    EXPECT_EQ(manager.load_files(7)[0].components, cap.components);
    EXPECT_EQ(install(cap.applets[0]), 0x9000);
    ASSERT_EQ(manager.applications(7).size(), 1U);
    EXPECT_EQ(manager.applications(7)[0].life_cycle, gp::application_selectable);
    EXPECT_TRUE(manager.applications(8).empty());
}

TEST_F(application_manager_test, refuses_what_real_cards_refuse) {
    EXPECT_EQ(install(cap.applets[0]), 0x6a88);  // no such load file
    EXPECT_EQ(load_all(), 0x6985);               // not announced
    EXPECT_EQ(run(*gp::install_for_load({cap.package, octets("a0000000030000"), {}, {}, {}})), 0x6a88);
    EXPECT_EQ(announce(), 0x9000);
    const auto blocks = *gp::load_blocks(cap.components, 60);
    EXPECT_EQ(run(blocks[0]), 0x9000);
    EXPECT_EQ(run(blocks[2]), 0x6a86);  // one is missing
    EXPECT_EQ(run(blocks[1]), 0x6985);  // and loading was broken off
    EXPECT_EQ(announce(), 0x9000);
    EXPECT_EQ(load_all(), 0x9000);
    EXPECT_EQ(announce(), 0x6985);  // it is there
    EXPECT_EQ(install(cap.applets[0]), 0x9000);
    EXPECT_EQ(install(cap.applets[0]), 0x6985);
    EXPECT_EQ(run(*gp::delete_object(cap.package, false)), 0x6985);  // an application is made of it
    EXPECT_EQ(run(*gp::delete_object(octets("a000000099"), false)), 0x6a88);
    EXPECT_EQ(run(*gp::delete_object(cap.package, true)), 0x9000);
    EXPECT_TRUE(manager.applications(7).empty());
    EXPECT_TRUE(manager.load_files(7).empty());
    EXPECT_EQ(run(octets("00b0000000")), 0x6e00);
    EXPECT_EQ(run(octets("80b0000000")), 0x6d00);
}

TEST_F(application_manager_test, a_load_file_that_is_not_whole_or_another_package_is_not_taken) {
    auto broken = cap.components;
    broken[1] ^= 1U;
    for (const auto& components :
         {broken, codec::read_cap(codec::test_cap({.aid = "a00000062599"})).value().components}) {
        EXPECT_EQ(announce(), 0x9000);
        std::uint16_t word = 0;
        const auto blocks = gp::load_blocks(components, 200).value();
        for (const auto& one : blocks) word = run(one);
        EXPECT_EQ(word, 0x6a80);
        EXPECT_TRUE(manager.load_files(7).empty());
    }
}

TEST_F(application_manager_test, get_status_tells_what_is_there) {
    EXPECT_EQ(run(*gp::get_status(gp::status_of::load_files, cap.package)), 0x6a88);
    announce(), load_all(), install(cap.applets[0]);
    const auto files =
        manager.run_command(codec::parse_apdu(*gp::get_status(gp::status_of::load_files, cap.package)).value());
    EXPECT_EQ(files.status_word, 0x9000);
    const auto told = gp::parse_status(files.data).value();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(to_hex(told[0].version), "0100");
    const auto applications =
        manager.run_command(codec::parse_apdu(*gp::get_status(gp::status_of::applications, cap.applets[0])).value());
    EXPECT_EQ(gp::parse_status(applications.data).value()[0].life_cycle, gp::application_selectable);
}

TEST_F(application_manager_test, put_key_checks_the_check_values_and_changes_keys_after_the_answer) {
    crypto::block_crypto crypto;
    const auto key = octets("000102030405060708090a0b0c0d0e0f");
    gp::key_request request{.replaced = 1,
                            .version = 2,
                            .keys = {},
                            .encryption = cipher_algorithm::aes128,
                            .encryption_key = encryption_key};
    request.keys.assign(3, {cipher_algorithm::aes128, key});
    const auto good = gp::put_key(crypto, request).value();
    auto bad = good;
    bad.back() ^= 1U;
    EXPECT_EQ(run(bad), 0x9485);
    EXPECT_FALSE(manager.take_key_change());
    const auto answer = manager.run_command(codec::parse_apdu(good).value());
    EXPECT_EQ(answer.status_word, 0x9000);
    EXPECT_EQ(answer.data.size(), 10U);
    EXPECT_EQ(answer.data[0], 2);
    const auto change = manager.take_key_change();
    ASSERT_TRUE(change);
    EXPECT_EQ(change->replaced, 1);
    EXPECT_EQ(to_hex(change->keys[1].reveal()), to_hex(key));

    request.replaced = 3;
    EXPECT_EQ(run(*gp::put_key(crypto, request)), 0x6a88);
    keys.versions = {1, 2};
    request.replaced = 1;
    EXPECT_EQ(run(*gp::put_key(crypto, request)), 0x6a80);  // there is a version 2
    keys = {{1}, {}, {}};
    EXPECT_EQ(run(good), 0x6985);  // no key encryption key
}

}  // namespace
}  // namespace tessera::sim
