#include "telecom/smpp_session_world.h"

#include "base/limits.h"
#include "codec/sms_tpdu.h"

namespace tessera::telecom {
namespace {

using namespace std::chrono_literals;

class smpp_session_test : public session_test {};

TEST_F(smpp_session_test, binds_as_transceiver_with_the_fields_of_the_settings) {
    settings.system_id = "ota";
    settings.password = "secret";
    settings.system_type = "SIM";
    start();
    session->connected(now);
    const auto out = session->output();
    smpp::header head;
    const auto unit = smpp::decode(out, head).value();
    EXPECT_EQ(head.id, command::bind_transceiver);
    EXPECT_EQ(std::get<smpp::bind>(unit.body).system_id, "ota");
    EXPECT_EQ(std::get<smpp::bind>(unit.body).password, "secret");
    EXPECT_EQ(std::get<smpp::bind>(unit.body).system_type, "SIM");
    EXPECT_EQ(std::get<smpp::bind>(unit.body).interface_version, 0x34);
}

TEST_F(smpp_session_test, a_bind_refused_for_its_password_is_not_tried_again_but_one_refused_for_load_is) {
    for (const auto& [status, kind] : {std::pair{smpp::status::invalid_password, smpp_session::ending_kind::refused},
                                       std::pair{smpp::status::throttled, smpp_session::ending_kind::lost},
                                       std::pair{smpp::status::already_bound, smpp_session::ending_kind::lost}}) {
        start();
        session->connected(now);
        answer(command::bind_transceiver_resp, sent()[0].head.sequence, status);
        EXPECT_EQ(session->state(), smpp_session::phase::ended);
        EXPECT_EQ(session->end().kind, kind) << session->end().why;
    }
}

TEST_F(smpp_session_test, a_submit_carries_the_packet_with_its_header_and_the_settings) {
    settings.delivery_receipts = true;
    connect();
    ASSERT_TRUE(submit(1));
    const auto out = sent();
    ASSERT_EQ(out.size(), 1U);
    smpp::header head;
    const auto unit = smpp::decode(out[0].octets, head).value();
    const auto& message = std::get<smpp::short_message>(unit.body);
    EXPECT_EQ(message.destination.digits, "491701234567");
    EXPECT_EQ(message.source.digits, "1000");
    EXPECT_EQ(message.esm_class, 0x40);
    EXPECT_EQ(message.protocol_id, 0x7f);
    EXPECT_EQ(message.data_coding, 0xf6);
    EXPECT_EQ(message.registered_delivery, 1);
    EXPECT_EQ(to_hex(message.user_data).substr(0, 8), "0270005a");
    answer(command::submit_sm_resp, head.sequence);
    EXPECT_EQ(events.take(), lines({"1 accepted 0"}));
}

// To an application on the terminal: the settings' PID and DCS would send it into the card.
TEST_F(smpp_session_test, a_submit_to_a_port_names_it_in_every_part_and_goes_to_the_terminal) {
    connect();
    const auto to_port = [&](std::uint64_t token, std::uint16_t port) {
        ASSERT_TRUE(session->submit(
            {.subscriber = 491701234567, .packet = bytes(200, 0x5a), .reference = 9, .token = token, .port = port},
            now));
    };
    to_port(1, 16'000);
    to_port(2, 0);
    const auto out = sent();
    ASSERT_EQ(out.size(), 4U);
    std::vector<std::string> seen;
    for (const auto& one : out) {
        smpp::header head;
        const auto unit = smpp::decode(one.octets, head).value();
        const auto& message = std::get<smpp::short_message>(unit.body);
        seen.push_back(std::to_string(message.protocol_id) + " " + std::to_string(message.data_coding) + " " +
                       to_hex(message.user_data.first(13)));
    }
    EXPECT_EQ(seen,
              (std::vector<std::string>{"0 4 0b000309020105043e803e815a", "0 4 0b000309020205043e803e815a",
                                        "127 246 07000309020170005a5a5a5a5a", "127 246 0500030902025a5a5a5a5a5a5a"}));
}

TEST_F(smpp_session_test, a_long_packet_leaves_in_parts_and_gives_one_result_when_all_are_answered) {
    connect();
    ASSERT_TRUE(submit(1, 300));
    const auto out = sent();
    ASSERT_EQ(out.size(), 3U);
    answer(command::submit_sm_resp, out[2].head.sequence);
    answer(command::submit_sm_resp, out[0].head.sequence);
    EXPECT_TRUE(events.take().empty());
    answer(command::submit_sm_resp, out[1].head.sequence);
    EXPECT_EQ(events.take(), lines({"1 accepted 0"}));
}

TEST_F(smpp_session_test, of_parts_refused_for_now_and_for_good_the_message_is_refused_for_good) {
    connect();
    ASSERT_TRUE(submit(1, 200));
    const auto out = sent();
    answer(command::submit_sm_resp, out[0].head.sequence, smpp::status::invalid_destination);
    EXPECT_TRUE(events.take().empty());
    answer(command::submit_sm_resp, out[1].head.sequence, smpp::status::system_error);
    EXPECT_EQ(events.take(), lines({"1 refused 11"}));
}

// The part headers of what left: 05 00 03 reference maximum sequence, or 07 ... in the first part.
// A campaign and a single operation, or two campaigns, derive the same reference for different packets.
TEST_F(smpp_session_test, a_packet_too_long_for_255_parts_is_refused_after_the_call_returned) {
    connect();
    ASSERT_TRUE(submit(1, 40'000));
    EXPECT_TRUE(events.take().empty());
    ASSERT_TRUE(session->next_deadline());
    EXPECT_LE(*session->next_deadline(), now);
    advance(0s);
    EXPECT_EQ(events.take(), lines({"1 refused 1"}));
}

TEST_F(smpp_session_test, no_more_than_the_window_is_in_flight) {
    settings.window = 3;
    connect();
    EXPECT_TRUE(submit(1) && submit(2) && submit(3));
    EXPECT_FALSE(submit(4));
    const auto out = sent();
    ASSERT_EQ(out.size(), 3U);
    EXPECT_TRUE(events.take().empty());
    answer(command::submit_sm_resp, out[1].head.sequence);
    EXPECT_EQ(events.take(), lines({"2 accepted 0", "writable"}));
    EXPECT_TRUE(submit(4));
    EXPECT_FALSE(submit(5));
}

TEST_F(smpp_session_test, parts_beyond_the_window_wait_for_answers) {
    settings.window = 2;
    connect();
    ASSERT_TRUE(submit(1, 600));
    EXPECT_FALSE(submit(2));
    auto out = sent();
    std::size_t parts = 0;
    while (!out.empty()) {
        EXPECT_LE(out.size(), 2U);
        parts += out.size();
        for (const auto& each : out) answer(command::submit_sm_resp, each.head.sequence);
        out = sent();
    }
    EXPECT_EQ(parts, codec::part_count(600, 8));
    EXPECT_EQ(events.take(), lines({"writable", "1 accepted 0"}));
}

// An SMSC that takes `capacity` per second and throttles what is beyond; how much it took in the last second of five.
// What a vendor means by it nobody knows; a card must not fail for it.
TEST_F(smpp_session_test, a_generic_nack_of_a_submit_refuses_it) {
    connect();
    ASSERT_TRUE(submit(1));
    answer(command::generic_nack, sent()[0].head.sequence, smpp::status::invalid_command_length);
    EXPECT_EQ(events.take(), lines({"1 refused 2"}));
}

TEST_F(smpp_session_test, a_response_to_nothing_changes_nothing) {
    connect();
    ASSERT_TRUE(submit(1));
    const auto out = sent();
    answer(command::submit_sm_resp, out[0].head.sequence + 1);
    answer(command::submit_sm_resp, 0);
    EXPECT_TRUE(events.take().empty());
    answer(command::submit_sm_resp, out[0].head.sequence);
    answer(command::submit_sm_resp, out[0].head.sequence);
    EXPECT_EQ(events.take(), lines({"1 accepted 0"}));
}

TEST_F(smpp_session_test, a_delivery_is_answered_only_when_it_is_acknowledged) {
    connect();
    deliver(77, 0x40, from_hex("027100aa").value());
    EXPECT_EQ(events.take(), lines({"message 491701234567 027100aa header"}));
    EXPECT_TRUE(sent().empty());
    session->acknowledge(events.handles[0]);
    const auto out = sent();
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(to_hex(out[0].octets), "0000001180000005000000000000004d00");
}

TEST_F(smpp_session_test, a_refused_delivery_gets_the_status_and_one_of_an_old_connection_gets_nothing) {
    connect();
    deliver(5, 0x00, as_bytes("x"));
    session->refuse(events.handles[0], smpp::status::receiver_temporary_error);
    const auto out = sent();
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].head.status, smpp::status::receiver_temporary_error);
    session->disconnected();
    session->connected(now);
    answer(command::bind_transceiver_resp, sent()[0].head.sequence);
    session->acknowledge(events.handles[0]);
    EXPECT_TRUE(sent().empty());
}

TEST_F(smpp_session_test, a_proof_of_receipt_is_taken_whatever_class_the_smsc_gives_it) {
    connect();
    for (const std::uint8_t esm_class : std::array<std::uint8_t, 4>{0x00, 0x40, 0x08, 0x10}) {
        deliver(1, esm_class, from_hex("027100").value());
        EXPECT_EQ(events.take().at(0).substr(0, 27), "message 491701234567 027100");
    }
    deliver(1, 0x04, as_bytes("id:1 stat:DELIVRD err:000"));
    EXPECT_EQ(events.take(), lines({"receipt 491701234567 DELIVRD"}));
    deliver(1, 0x04, as_bytes("id:1 stat:UNDELIV err:027"));
    EXPECT_EQ(events.take(), lines({"receipt 491701234567 UNDELIV 27"}));
    deliver(1, 0x04, as_bytes("nothing to read"));
    EXPECT_EQ(events.take(), lines({"receipt 491701234567 UNKNOWN"}));
}

TEST_F(smpp_session_test, deliveries_nobody_acknowledges_are_put_off_beyond_a_limit) {
    connect();
    for (std::size_t i = 0; i < limits::smpp_unacknowledged_deliveries; ++i)
        deliver(static_cast<std::uint32_t>(i), 0, as_bytes("x"));
    EXPECT_TRUE(sent().empty());
    deliver(1, 0, as_bytes("x"));
    const auto out = sent();
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].head.status, smpp::status::queue_full);
    session->acknowledge(events.handles[0]);
    sent();
    deliver(1, 0, as_bytes("x"));
    EXPECT_TRUE(sent().empty());
}

TEST_F(smpp_session_test, octets_may_come_one_at_a_time) {
    connect();
    bytes octets;
    smpp::append_header_only(octets, command::enquire_link, 0, 5);
    smpp::append_header_only(octets, command::enquire_link, 0, 6);
    for (const auto octet : octets) session->on_octets({&octet, 1}, now);
    const auto out = sent();
    ASSERT_EQ(out.size(), 2U);
    EXPECT_EQ(out[1].head.id, command::enquire_link_resp);
    EXPECT_EQ(out[1].head.sequence, 6U);
}

TEST_F(smpp_session_test, an_idle_link_is_enquired_and_a_dead_one_given_up) {
    connect();
    EXPECT_EQ(*session->next_deadline(), now + settings.enquire_link_interval);
    advance(settings.enquire_link_interval);
    const auto out = sent();
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].head.id, command::enquire_link);
    answer(command::enquire_link_resp, out[0].head.sequence);
    advance(settings.enquire_link_interval);
    EXPECT_EQ(sent().size(), 1U);
    advance(settings.response_time_out);
    EXPECT_EQ(session->state(), smpp_session::phase::ended);
    EXPECT_EQ(session->end().kind, smpp_session::ending_kind::lost);
}

TEST_F(smpp_session_test, a_submit_without_answer_takes_the_link_down) {
    connect();
    ASSERT_TRUE(submit(1));
    const auto out = sent();
    advance(settings.response_time_out - 1ms);
    EXPECT_EQ(session->state(), smpp_session::phase::open);
    EXPECT_LE(*session->next_deadline(), now + 1ms);
    advance(1ms);
    EXPECT_EQ(session->state(), smpp_session::phase::ended);
    session->disconnected();
    EXPECT_EQ(events.take(), lines({"1 link_lost 0"}));
}

TEST_F(smpp_session_test, when_the_link_is_lost_every_message_gets_its_one_result) {
    settings.window = 4;
    connect();
    ASSERT_TRUE(submit(1) && submit(2) && submit(3, 900));
    const auto out = sent();
    answer(command::submit_sm_resp, out[0].head.sequence);
    answer(command::submit_sm_resp, out[1].head.sequence, smpp::status::throttled);
    session->disconnected();
    EXPECT_EQ(events.take(), lines({"1 accepted 0", "2 link_lost 0", "3 link_lost 0"}));
    EXPECT_FALSE(submit(4));
    session->connected(now);
    answer(command::bind_transceiver_resp, sent()[0].head.sequence);
    EXPECT_TRUE(submit(4));
}

TEST_F(smpp_session_test, close_unbinds_and_ends_with_the_answer_or_soon_without_it) {
    for (const bool answered : {true, false}) {
        connect();
        session->close(now);
        const auto out = sent();
        ASSERT_EQ(out.size(), 1U);
        EXPECT_EQ(out[0].head.id, command::unbind);
        if (answered)
            answer(command::unbind_resp, out[0].head.sequence);
        else
            advance(limits::smpp_unbind_wait);
        EXPECT_EQ(session->state(), smpp_session::phase::ended);
        EXPECT_EQ(session->end().kind, smpp_session::ending_kind::closed);
    }
}

TEST_F(smpp_session_test, an_unbind_of_the_smsc_is_answered_before_the_link_goes) {
    connect();
    bytes octets;
    smpp::append_header_only(octets, command::unbind, 0, 9);
    session->on_octets(octets, now);
    EXPECT_EQ(session->state(), smpp_session::phase::ended);
    EXPECT_EQ(to_hex(session->output()), "00000010800000060000000000000009");
}

TEST_F(smpp_session_test, a_peer_that_never_reads_is_not_read_from_either) {
    connect();
    bytes octets;
    for (int i = 0; i < 4'096; ++i) smpp::append_header_only(octets, command::enquire_link, 0, 5);
    while (session->wants_input()) session->on_octets(octets, now);
    EXPECT_LE(session->output().size(), 2 * limits::link_output_octets + octets.size());
    EXPECT_FALSE(submit(1));
    sent();
    EXPECT_TRUE(session->wants_input());
}

}  // namespace
}  // namespace tessera::telecom
