#include "codec/proactive_command.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "codec/sms_tpdu.h"

namespace tessera::codec {
namespace {

bytes hex(std::string_view text) { return from_hex(text).value(); }

// The form of 3GPP TS 31.124 clause 27.22.4.10 (SEND SHORT MESSAGE): alpha identifier, service centre, SMS-SUBMIT.
TEST(proactive_command, send_short_message_as_a_card_sends_it) {
    const auto tpdu = hex("0100099110325476f840f40c54657374204d657373616765");
    bytes command = hex("d03781030113008202818385070000000000000006099111223344556677f88b18");
    append(command, tpdu);
    const auto made = decode_proactive_command(command);
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(made->type, proactive::send_short_message);
    EXPECT_EQ(made->number, 1);
    EXPECT_EQ(made->short_message, tpdu);
    EXPECT_EQ(to_hex(encode_terminal_response(*made, terminal_result::performed)), "810301130082028281830100");
    const auto message = decode_sms_submit(tpdu);
    ASSERT_TRUE(message) << to_string(message.error());
    EXPECT_EQ(message->destination, "012345678");
    EXPECT_EQ(message->protocol_id, 0x40);
    EXPECT_EQ(message->user_data, to_bytes(as_bytes("Test Message")));
}

TEST(proactive_command, what_a_card_encodes_a_terminal_reads) {
    const auto tpdu = bytes(160, 0x41);
    const auto encoded = encode_send_short_message(7, tpdu);
    ASSERT_TRUE(encoded);
    const auto made = decode_proactive_command(*encoded);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->number, 7);
    EXPECT_EQ(made->short_message, tpdu);
    EXPECT_EQ(encode_send_short_message(7, bytes(250, 0)).error().code, "too_long");
    const auto answer = decode_terminal_response(encode_terminal_response(*made, terminal_result::performed));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->number, 7);
    EXPECT_EQ(answer->type, proactive::send_short_message);
    EXPECT_EQ(answer->result, 0);
}

TEST(proactive_command, poll_interval_gets_what_it_asked_for) {
    const auto made = decode_proactive_command(hex("d00d8103010300820281828402011e"));
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(to_hex(encode_terminal_response(*made, terminal_result::performed)), "8103010300820282818301008402011e");
    EXPECT_EQ(to_hex(encode_terminal_response(*made, terminal_result::beyond_capabilities)),
              "810301030082028281830130");
}

TEST(proactive_command, what_is_none_is_refused) {
    EXPECT_EQ(decode_proactive_command({}).error().code, "truncated");
    EXPECT_EQ(decode_proactive_command(hex("d1038103010300")).error().code, "bad_field");
    EXPECT_EQ(decode_proactive_command(hex("d0058103010300ff")).value().type, proactive::poll_interval);
    EXPECT_EQ(decode_proactive_command(hex("d006810301030082")).error().code, "truncated");
    EXPECT_EQ(decode_proactive_command(hex("d00481020103")).error().code, "bad_field");
    EXPECT_EQ(decode_proactive_command(hex("d009810301130082028183")).error().field, "SMS TPDU");
    EXPECT_EQ(decode_terminal_response(hex("8103011300")).error().code, "bad_field");
}

TEST(proactive_command, the_message_in_an_envelope) {
    const auto envelope = encode_envelope(hex("0011223344"), "491234");
    ASSERT_TRUE(envelope);
    const auto found = short_message_in_envelope(byte_view(*envelope).subspan(5));
    ASSERT_TRUE(found) << to_string(found.error());
    EXPECT_EQ(to_hex(*found), "0011223344");
    EXPECT_EQ(short_message_in_envelope(hex("d10482028381")).error().field, "SMS TPDU");
}

TEST(sms_submit, goes_there_and_back) {
    for (const std::size_t validity : {0U, 1U, 7U}) {
        sms_submit message;
        message.destination = "1000";
        message.validity = bytes(validity, 0xa7);
        message.user_data = hex("02710000112233");
        const auto encoded = encode_sms_submit(message);
        ASSERT_TRUE(encoded);
        const auto again = decode_sms_submit(*encoded);
        ASSERT_TRUE(again) << to_string(again.error());
        EXPECT_EQ(again->validity, message.validity);
        EXPECT_EQ(again->user_data, message.user_data);
        EXPECT_TRUE(again->has_header);
    }
    EXPECT_EQ(decode_sms_submit(hex("00000081")).error().field, "TP-MTI");
    EXPECT_EQ(decode_sms_submit(hex("0100")).error().code, "truncated");
    EXPECT_EQ(decode_sms_submit(hex("01001581")).error().field, "TP-DA");
}

}  // namespace
}  // namespace tessera::codec
