#include "sim/terminal_interface.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "codec/proactive_command.h"
#include "codec/sms_tpdu.h"

namespace tessera::sim {
namespace {

constexpr std::string_view csv =
    "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter\n"
    "8949000000000000018,001010000000001,882390000001,telco,1,aes128,000102030405060708090a0b0c0d0e0f,aes128,"
    "101112131415161718191a1b1c1d1e1f,0000000000\n";

class terminal_interface_test : public testing::Test {
protected:
    std::string say(std::string_view command) {
        return to_hex(contacts.transmit(from_hex(command).value(), instant{}));
    }
    std::string envelope(std::uint8_t second_spi, std::uint64_t counter, std::uint8_t key_fault = 0) {
        codec::packet_security security;
        security.spi = {0x16, second_spi};
        security.kic = security.kid = 0x12;
        security.tar = {0xb0, 0x00, 0x10};
        auto kic = from_hex("000102030405060708090a0b0c0d0e0f").value();
        const auto kid = from_hex("101112131415161718191a1b1c1d1e1f").value();
        kic[0] ^= key_fault;
        bytes packet;
        EXPECT_TRUE(codec::secured_packet_codec().encode_command(security, {kic, kid}, counter,
                                                                 from_hex("00a40804047f206f46").value(), packet));
        codec::sms_deliver message;
        message.user_data = codec::segment(packet, codec::packet_kind::command, 0, 8).value().front();
        return to_hex(contacts.transmit(
            codec::encode_envelope(codec::encode_sms_deliver(message).value(), "123").value(), instant{}));
    }

    simulated_cards cards{card_list::parse(csv, "test").value()};
    terminal_interface contacts{cards, 0, {}};
};

TEST_F(terminal_interface_test, files_are_read_with_the_terminals_rights_only) {
    EXPECT_EQ(say("00a4000c022fe2"), "9000");
    EXPECT_EQ(say("00b000000a"), "989400000000000010f89000");
    EXPECT_EQ(say("00a4080c047f206f07"), "9000");
    EXPECT_EQ(say("00b0000009"), "6982");  // EF.IMSI wants PIN1
    EXPECT_EQ(say("002000010831323334ffffffff"), "9000");
    EXPECT_TRUE(say("00b0000009").ends_with("9000"));
    EXPECT_EQ(to_hex(contacts.reset()).substr(0, 2), "3b");
    EXPECT_EQ(say("00a4080c047f206f07"), "9000");
    EXPECT_EQ(say("00b0000009"), "6982");
}

TEST_F(terminal_interface_test, a_proof_by_short_message_is_a_proactive_command) {
    EXPECT_EQ(envelope(0x39, 1), "6985");  // nobody has said that the terminal can
    EXPECT_EQ(say("80100000021303"), "9000");
    const auto pending = envelope(0x39, 1);
    ASSERT_EQ(pending.substr(0, 2), "91");
    const auto fetched = say("80120000" + pending.substr(2));
    const auto command = codec::decode_proactive_command(from_hex(fetched.substr(0, fetched.size() - 4)).value());
    ASSERT_TRUE(command) << fetched;
    EXPECT_TRUE(codec::decode_sms_submit(*command->short_message));
    EXPECT_EQ(say("801400000c810301250082028281830100"), "6a80");  // of another command
    EXPECT_EQ(say("801400000c810301130082028281830100"), "9000");
    EXPECT_EQ(say("8012000010"), "6f00");
}

TEST_F(terminal_interface_test, a_proof_in_the_report_is_fetched) {
    EXPECT_EQ(say("80100000021303"), "9000");
    const auto report = envelope(0x19, 1);
    ASSERT_EQ(report.substr(0, 2), "61");
    EXPECT_TRUE(say("00c00000" + report.substr(2)).starts_with("027100"));
    EXPECT_EQ(envelope(0x19, 1), "62f3");  // the counter is used up
    const auto corrected = say("00c0000000");
    ASSERT_EQ(corrected.substr(0, 2), "6c");
    EXPECT_TRUE(say("00c00000" + corrected.substr(2)).ends_with("9000"));
}

TEST_F(terminal_interface_test, what_is_no_envelope_is_refused) {
    EXPECT_EQ(say("80100000021303"), "9000");
    EXPECT_EQ(say("80c2000002d100"), "6a80");
    EXPECT_EQ(say("80c2000005d100"), "6700");
    EXPECT_EQ(say("80c2"), "6700");
    EXPECT_EQ(say("00ff000000"), "6d00");
}

}  // namespace
}  // namespace tessera::sim
