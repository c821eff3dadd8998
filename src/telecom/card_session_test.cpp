#include "telecom/card_session.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "base/limits.h"
#include "codec/sms_tpdu.h"

namespace tessera::telecom {
namespace {

using step = card_session::step;

bytes hex(std::string_view text) { return from_hex(text).value(); }

// A dialogue: each line is the command that is expected (how it begins) and the card's response.
struct line {
    std::string command;
    std::string response;
};

class card_session_test : public testing::Test {
protected:
    step play(step next, const std::vector<line>& lines) {
        for (const auto& one : lines) {
            if (next == step::pause) next = session.go_on();
            EXPECT_EQ(next, step::transmit) << "before " << one.command;
            const auto command = to_hex(session.command());
            EXPECT_TRUE(command.starts_with(one.command)) << command << " where " << one.command << " was due";
            next = session.take(hex(one.response));
        }
        return next;
    }
    step activated() {
        return play(session.activate(), {{"00a4000c023f00", "9000"},
                                         {"00a4000c022fe2", "9000"},
                                         {"00b000000a", "984900000000000010f89000"},
                                         {"8010000009"
                                          "1301e802",
                                          "9000"},
                                         {"00a4040c07a0000000871002", "9000"}});
    }

    card_session session{{}};
};

std::string short_message(std::string_view user_data) {
    codec::sms_submit message;
    message.user_data = hex(user_data);
    return to_hex(codec::encode_send_short_message(1, codec::encode_sms_submit(message).value()).value());
}
std::string length_of(const std::string& text) { return to_hex(bytes{static_cast<std::uint8_t>(text.size() / 2)}); }

const bytes packet(20, 0x11);

TEST_F(card_session_test, a_card_is_activated_as_a_terminal_does_it) {
    EXPECT_EQ(activated(), step::rest);
    EXPECT_FALSE(session.failed());
    EXPECT_EQ(session.iccid(), "8994000000000000018");
    EXPECT_EQ(session.take_trace().size(), 5U);
}

TEST_F(card_session_test, a_card_of_the_older_class_is_spoken_to_in_it) {
    EXPECT_EQ(play(session.activate(), {{"00a4", "6e00"},
                                        {"a0a40000023f00", "9f17"},
                                        {"a0a40000022fe2", "9f0f"},
                                        {"a0b000000a", "984900000000000010f89000"},
                                        {"a010000009", "9000"}}),
              step::rest);
    EXPECT_EQ(play(session.download(packet, 1).value(), {{"a0c20000", "9f05"}, {"a0c0000005", "02710000019000"}}),
              step::rest);
    EXPECT_EQ(to_hex(session.take_words().at(0).user_data), "0271000001");
}

TEST_F(card_session_test, what_is_no_uicc_is_told) {
    EXPECT_EQ(play(session.activate(), {{"00a4", "6e00"}, {"a0a4", "6e00"}}), step::rest);
    EXPECT_EQ(session.failed()->code, "no_uicc");
    EXPECT_EQ(play(session.activate(), {{"00a4", "9000"}, {"00a4", "6a82"}}), step::rest);
    EXPECT_EQ(session.failed()->code, "no_iccid");
}

TEST_F(card_session_test, the_envelope_holds_the_packet_in_an_sms_deliver) {
    activated();
    EXPECT_EQ(session.download(packet, 1).value(), step::transmit);
    const auto envelope = session.command();
    EXPECT_EQ(to_hex(envelope.first(4)), "80c20000");
    EXPECT_EQ(envelope[4], envelope.size() - 5);
    const auto tpdu = codec::short_message_in_envelope(envelope.subspan(5));
    ASSERT_TRUE(tpdu);
    const auto message = codec::decode_sms_deliver(*tpdu);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->protocol_id, 0x7f);
    EXPECT_EQ(message->data_coding, 0xf6);
    bytes expected{0x02, 0x70, 0x00};
    append(expected, packet);
    EXPECT_EQ(message->user_data, expected);
}

TEST_F(card_session_test, a_report_is_fetched_by_get_response) {
    activated();
    EXPECT_EQ(play(session.download(packet, 1).value(), {{"80c2", "6105"}, {"00c0000005", "02710000019000"}}),
              step::rest);
    EXPECT_FALSE(session.failed());
    const auto words = session.take_words();
    ASSERT_EQ(words.size(), 1U);
    EXPECT_EQ(to_hex(words[0].user_data), "0271000001");
    EXPECT_FALSE(words[0].by_submit);
}

TEST_F(card_session_test, a_report_may_come_at_once) {
    activated();
    EXPECT_EQ(play(session.download(packet, 1).value(), {{"80c2", "02710000019000"}}), step::rest);
    EXPECT_EQ(session.take_words().size(), 1U);
}

TEST_F(card_session_test, a_short_message_of_the_card_is_fetched_and_answered) {
    activated();
    const auto message = short_message("0271000002");
    EXPECT_EQ(play(session.download(packet, 1).value(), {{"80c2", "91" + length_of(message)},
                                                         {"80120000" + length_of(message), message + "9000"},
                                                         {"801400000c810301130082028281830100", "9000"}}),
              step::rest);
    const auto words = session.take_words();
    ASSERT_EQ(words.size(), 1U);
    EXPECT_EQ(to_hex(words[0].user_data), "0271000002");
    EXPECT_TRUE(words[0].by_submit);
}

TEST_F(card_session_test, a_packet_of_several_messages_is_several_envelopes) {
    activated();
    const auto message = short_message("0271000002");
    EXPECT_EQ(play(session.download(bytes(300, 0x22), 7).value(), {{"80c2", "9000"},
                                                                   {"80c2", "9000"},
                                                                   {"80c2", "91" + length_of(message)},
                                                                   {"8012", message + "9000"},
                                                                   {"8014", "91" + length_of(message)},
                                                                   {"8012", message + "9000"},
                                                                   {"8014", "9000"}}),
              step::rest);
    EXPECT_EQ(session.take_words().size(), 2U);
}

TEST_F(card_session_test, a_download_error_brings_its_report_too) {
    activated();
    EXPECT_EQ(play(session.download(packet, 1).value(),
                   {{"80c2", "62f3"}, {"00c0000000", "6c05"}, {"00c0000005", "02710000099000"}}),
              step::rest);
    EXPECT_FALSE(session.failed());
    EXPECT_EQ(to_hex(session.take_words().at(0).user_data), "0271000009");
    EXPECT_EQ(play(session.download(packet, 1).value(), {{"80c2", "9e05"}, {"00c0000005", "02710000019000"}}),
              step::rest);
    EXPECT_EQ(session.take_words().size(), 1U);
    EXPECT_EQ(play(session.download(packet, 1).value(), {{"80c2", "02710000016300"}}), step::rest);
    EXPECT_EQ(session.take_words().size(), 1U);
}

TEST_F(card_session_test, a_download_error_without_report_is_a_refusal) {
    activated();
    EXPECT_EQ(play(session.download(packet, 1).value(), {{"80c2", "6200"}, {"00c0", "6f00"}}), step::rest);
    EXPECT_EQ(session.failed()->code, "not_taken");
    EXPECT_EQ(session.refusal(), 0x6200);
    EXPECT_EQ(play(session.download(packet, 1).value(), {{"80c2", "6985"}}), step::rest);
    EXPECT_EQ(session.refusal(), 0x6985);
}

TEST_F(card_session_test, a_busy_card_is_asked_again_and_may_speak_first) {
    activated();
    const auto message = short_message("02710000");
    EXPECT_EQ(play(session.download(packet, 1).value(), {{"80c2", "9300"},
                                                         {"80f2000c00", "91" + length_of(message)},
                                                         {"8012", message + "9000"},
                                                         {"8014", "9000"},
                                                         {"80c2", "9300"},
                                                         {"80f2", "9000"},
                                                         {"80c2", "9000"}}),
              step::rest);
    EXPECT_FALSE(session.failed());
    EXPECT_EQ(session.take_words().size(), 1U);
}

TEST_F(card_session_test, a_card_that_stays_busy_has_refused) {
    activated();
    auto next = session.download(packet, 1).value();
    for (int i = 0; i < 100 && next != step::rest; ++i)
        next = play(next, {{session.command()[1] == 0xc2 && next == step::transmit ? "80c2" : "80f2",
                            session.command()[1] == 0xc2 && next == step::transmit ? "9300" : "9000"}});
    EXPECT_EQ(next, step::rest);
    EXPECT_EQ(session.refusal(), 0x9300);
}

TEST_F(card_session_test, what_else_the_card_asks_of_its_terminal_is_answered) {
    activated();
    EXPECT_EQ(play(session.poll(), {{"80f2", "910f"},
                                    {"801200000f", "d00d8103010300820281828402011e9000"},
                                    {"8014000010810301030082028281830100"
                                     "8402011e",
                                     "910b"},
                                    {"8012",
                                     "d009810302250082028182"
                                     "9000"},
                                    {"801400000c8103022500"
                                     "82028281"
                                     "830130",
                                     "9105"},
                                    {"8012", "ffff9000"}}),
              step::rest);  // the last one nobody understands
    EXPECT_FALSE(session.failed());
}

TEST_F(card_session_test, a_card_that_never_stops_is_given_up) {
    activated();
    auto next = session.poll();
    std::size_t commands = 0;
    for (; next == step::transmit && commands <= limits::card_session_commands; ++commands)
        next = session.take(session.command()[1] == 0x12 ? hex("d0098103010200820281829000") : hex("910b"));
    EXPECT_EQ(next, step::rest);
    EXPECT_EQ(session.failed()->code, "talkative");
    next = session.poll();
    for (commands = 0; next == step::transmit && commands <= limits::card_session_commands; ++commands)
        next = session.take(hex("6c01"));
    EXPECT_EQ(next, step::rest);
}

TEST_F(card_session_test, a_reader_that_gives_nothing_ends_it) {
    EXPECT_EQ(session.activate(), step::transmit);
    EXPECT_EQ(session.take({}), step::rest);
    EXPECT_EQ(session.failed()->code, "bad_response");
}

TEST(card_session_block_protocol, commands_both_ways_carry_an_le) {
    card_session_settings settings;
    settings.block_protocol = true;
    card_session session(settings);
    EXPECT_EQ(session.download(packet, 1).value(), step::transmit);
    EXPECT_EQ(session.command()[4] + 6U, session.command().size());
    EXPECT_EQ(session.command().back(), 0);
}

}  // namespace
}  // namespace tessera::telecom
