#include "sim/smsc.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/random.h"
#include "sim/test_world.h"

namespace tessera::sim {
namespace {

namespace smpp = codec::smpp;
using smpp::command;
using testing_world::message;
using testing_world::security;
using testing_world::write_spn;

const codec::packet_security usual = security(0x16, 0x39);

// A link of the centre without a socket: what it says, cut into PDUs.
struct peer {
    smsc* centre;
    smsc::link_id id;
    bytes heard{};

    void say(byte_view octets, instant now = {}) { static_cast<void>(centre->on_bytes(id, octets, now, timestamp{})); }
    void bind(command kind = command::bind_transceiver, std::string_view system_id = "us") {
        smpp::pdu unit;
        unit.head.id = kind;
        unit.head.sequence = 1;
        unit.body = smpp::bind{system_id, "x", "", 0x34, {}};
        bytes out;
        smpp::encode(unit, out).value();
        say(out);
    }
    void submit(std::uint64_t subscriber, byte_view user_data, std::uint32_t sequence = 2, std::uint8_t receipt = 0,
                instant now = {}, std::string_view validity = {}) {
        const auto digits = std::to_string(subscriber);
        smpp::short_message sent;
        sent.source = {0, 1, "1000"};
        sent.destination = {1, 1, digits};
        sent.esm_class = 0x40;
        sent.registered_delivery = receipt;
        sent.validity_period = validity;
        sent.user_data = user_data;
        bytes out;
        smpp::append_short_message(out, command::submit_sm, sequence, sent).value();
        say(out, now);
    }
    void answer(std::uint32_t sequence, std::uint32_t status = 0, instant now = {}) {
        bytes out;
        smpp::append_message_response(out, command::deliver_sm_resp, status, sequence, {});
        say(out, now);
    }
    // Everything said since the last call; views into `heard`.
    std::vector<smpp::pdu> listen() {
        heard = std::exchange(centre->output(id), {});
        std::vector<smpp::pdu> units;
        byte_view rest(heard);
        while (!rest.empty()) {
            const auto length = smpp::first_pdu_octets(rest).value();
            smpp::header head;
            units.push_back(smpp::decode(rest.first(length), head).value());
            rest = rest.subspan(length);
        }
        return units;
    }
};

class smsc_test : public testing::Test {
protected:
    smsc& start(std::string_view faults = "", smsc_options options = {}) {
        options.faults = fault_plan::parse(faults, "test", 1).value();
        centre.emplace(cards, std::move(options));
        return *centre;
    }
    peer connect() { return {&*centre, centre->opened({}).value()}; }
    peer bound(command kind = command::bind_transceiver, std::string_view system_id = "us") {
        auto made = connect();
        made.bind(kind, system_id);
        return made;
    }
    bytes packet(std::uint64_t counter = 6) { return message(usual, counter, write_spn); }
    std::uint32_t executed(card_index card = 0) { return cards.read(card, find_path("7f20/6f46").value()).executed; }

    simulated_cards cards{testing_world::make_cards(10)};
    std::optional<smsc> centre;
    static constexpr auto msisdn = testing_world::first_msisdn;
};

std::vector<command> kinds(const std::vector<smpp::pdu>& units) {
    std::vector<command> all;
    for (const auto& unit : units) all.push_back(unit.head.id);
    return all;
}
const smpp::short_message& body(const smpp::pdu& unit) { return std::get<smpp::short_message>(unit.body); }

TEST_F(smsc_test, binds_submits_and_delivers) {
    start();
    auto us = bound();
    us.submit(msisdn, packet());
    const auto units = us.listen();
    ASSERT_EQ(kinds(units),
              (std::vector{command::bind_transceiver_resp, command::submit_sm_resp, command::deliver_sm}));
    EXPECT_EQ(units[0].head.status, 0U);
    EXPECT_EQ(units[1].head.sequence, 2U);
    EXPECT_FALSE(std::get<smpp::message_response>(units[1].body).message_id.empty());
    EXPECT_EQ(body(units[2]).source.digits, std::to_string(msisdn));
    EXPECT_EQ(body(units[2]).destination.digits, "1000");
    EXPECT_EQ(body(units[2]).esm_class, 0x40);
    EXPECT_EQ(to_hex(body(units[2]).user_data.first(3)), "027100");
    EXPECT_EQ(centre->statistics().waiting, 1U);
    us.answer(units[2].head.sequence);
    EXPECT_EQ(centre->statistics().waiting, 0U);
    EXPECT_EQ(executed(), 1U);
}

TEST_F(smsc_test, refuses_as_the_standard_says) {
    start();
    auto us = connect();
    us.submit(msisdn, packet());
    us.bind(command::bind_receiver);
    us.submit(msisdn, packet());
    us.bind();
    auto units = us.listen();
    ASSERT_EQ(units.size(), 4U);
    EXPECT_EQ(units[0].head.status, smpp::status::incorrect_bind_status);
    EXPECT_EQ(units[2].head.status, smpp::status::incorrect_bind_status);
    EXPECT_EQ(units[3].head.status, smpp::status::already_bound);
    auto sender = bound(command::bind_transmitter);
    sender.submit(4711, packet());
    sender.submit(msisdn, bytes(150));
    for (const auto id : {command::query_sm, command::data_sm}) {
        bytes out;
        smpp::append_header_only(out, id, 0, 9);
        sender.say(out);
    }
    bytes unknown;
    smpp::append_header_only(unknown, static_cast<command>(0x77), 0, 10);
    sender.say(unknown);
    units = sender.listen();
    ASSERT_EQ(units.size(), 6U);
    EXPECT_EQ(units[1].head.status, smpp::status::invalid_destination);
    EXPECT_EQ(units[2].head.status, smpp::status::invalid_message_length);
    EXPECT_NE(units[3].head.status, 0U);
    EXPECT_NE(units[4].head.status, 0U);
    EXPECT_EQ(units[5].head.id, command::generic_nack);
    EXPECT_EQ(units[5].head.status, smpp::status::invalid_command_id);
    EXPECT_EQ(executed(), 0U);
}

TEST_F(smsc_test, credentials_count_when_it_was_told_so) {
    smsc_options options;
    options.system_id = "us";
    options.password = "y";
    start("", std::move(options));
    auto other = bound(command::bind_transceiver, "them");
    EXPECT_EQ(other.listen().at(0).head.status, smpp::status::invalid_system_id);
    auto us = bound();
    EXPECT_EQ(us.listen().at(0).head.status, smpp::status::invalid_password);
}

TEST_F(smsc_test, answers_wait_for_a_receiver_and_come_again_after_a_lost_link) {
    start();
    auto sender = bound(command::bind_transmitter);
    sender.submit(msisdn, packet());
    sender.submit(msisdn + 1, packet(), 3);
    EXPECT_EQ(sender.listen().size(), 3U);
    auto other = bound(command::bind_receiver, "them");
    EXPECT_EQ(other.listen().size(), 1U);  // another account's answers are not theirs
    auto first = bound(command::bind_receiver);
    auto units = first.listen();
    ASSERT_EQ(units.size(), 3U);
    const auto subscriber = std::string(body(units[2]).source.digits);
    first.answer(units[1].head.sequence);
    centre->closed(first.id);
    auto second = bound(command::bind_receiver);
    units = second.listen();
    ASSERT_EQ(units.size(), 2U);
    EXPECT_EQ(body(units[1]).source.digits, subscriber);
    EXPECT_EQ(centre->statistics().redeliveries, 1U);
    second.answer(units[1].head.sequence + 1);  // not the one: still waiting
    EXPECT_EQ(centre->statistics().waiting, 1U);
    bytes unbind;
    smpp::append_header_only(unbind, command::unbind, 0, 4);
    second.say(unbind);
    EXPECT_EQ(kinds(second.listen()), std::vector{command::unbind_resp});
    EXPECT_TRUE(centre->wants_close(second.id));
    EXPECT_EQ(bound(command::bind_receiver).listen().size(), 2U);
}

TEST_F(smsc_test, a_temporary_refusal_is_tried_again_and_a_permanent_one_is_not) {
    start();
    auto us = bound();
    us.submit(msisdn, packet());
    const instant now{};
    us.answer(us.listen().at(2).head.sequence, smpp::status::receiver_temporary_error, now);
    EXPECT_TRUE(us.listen().empty());
    centre->on_time(now + limits::redelivery_delay);
    auto units = us.listen();
    ASSERT_EQ(kinds(units), std::vector{command::deliver_sm});
    us.answer(units[0].head.sequence, smpp::status::receiver_permanent_error);
    EXPECT_EQ(centre->statistics().dropped, 1U);
    EXPECT_EQ(centre->statistics().waiting, 0U);
}

TEST_F(smsc_test, the_window_is_kept) {
    smsc_options options;
    options.window = 3;
    start("", std::move(options));
    auto us = bound();
    for (std::uint32_t i = 0; i < 10; ++i) us.submit(msisdn + i, packet(), 2 + i);
    std::size_t delivered = 0;
    std::vector<std::uint32_t> unanswered;
    const auto hear = [&] {
        for (const auto& unit : us.listen())
            if (unit.head.id == command::deliver_sm) ++delivered, unanswered.push_back(unit.head.sequence);
    };
    hear();
    EXPECT_EQ(delivered, 3U);
    us.answer(unanswered[1]);
    hear();
    EXPECT_EQ(delivered, 4U);
    for (std::size_t i = 0; i < unanswered.size(); ++i) {
        us.answer(unanswered[i]);
        hear();
    }
    EXPECT_EQ(delivered, 10U);
    EXPECT_EQ(centre->statistics().waiting, 0U);
}

TEST_F(smsc_test, faults_on_the_way_to_the_card) {
    start("throttle = 1");
    auto us = bound();
    us.submit(msisdn, packet());
    EXPECT_EQ(us.listen().at(1).head.status, smpp::status::throttled);
    start("queue_full = 1");
    us = bound();
    us.submit(msisdn, packet());
    EXPECT_EQ(us.listen().at(1).head.status, smpp::status::queue_full);
    for (const auto* silent : {"lose_submit = 1", "card_off = 1"}) {
        start(silent);
        us = bound();
        us.submit(msisdn, packet(), 2, 1);
        EXPECT_EQ(kinds(us.listen()), (std::vector{command::bind_transceiver_resp, command::submit_sm_resp}));
    }
    EXPECT_EQ(executed(), 0U);
    start("lose_response = 1");
    us = bound();
    us.submit(msisdn, packet());
    EXPECT_EQ(us.listen().size(), 2U);
    EXPECT_EQ(executed(), 1U);
}

TEST_F(smsc_test, a_duplicate_is_a_replay_to_the_card) {
    start("duplicate = 1");
    auto us = bound();
    us.submit(msisdn, packet());
    EXPECT_EQ(us.listen().size(), 4U);
    EXPECT_EQ(executed(), 1U);
    EXPECT_EQ(centre->statistics().executed, 1U);
    EXPECT_EQ(centre->statistics().refused, 1U);
}

TEST_F(smsc_test, wrong_keys_are_the_cards_own) {
    start("card_wrong_key = 1");
    auto us = bound();
    us.submit(msisdn, packet());
    const auto units = us.listen();
    codec::secured_packet_codec codec;
    const auto answer =
        codec.decode_response(body(units.at(2)).user_data, usual, {testing_world::kic(), testing_world::kid()}).value();
    EXPECT_FALSE(answer.secured);
    EXPECT_NE(answer.status, 0);
}

TEST_F(smsc_test, answers_are_delayed_reordered_and_announced) {
    start("delay = \"50ms\"\nreorder = 1");
    auto us = bound();
    us.submit(msisdn, packet());
    EXPECT_EQ(us.listen().size(), 2U);
    const auto due = instant{} + std::chrono::milliseconds(50) + limits::reorder_hold;
    EXPECT_EQ(centre->next_due(), due);
    centre->on_time(due - std::chrono::milliseconds(1));
    EXPECT_TRUE(us.listen().empty());
    centre->on_time(due);
    EXPECT_EQ(us.listen().size(), 1U);
    start("response_follows = 1");
    us = bound();
    us.submit(msisdn + 1, packet());
    EXPECT_EQ(us.listen().size(), 3U);  // 0B at once
    centre->on_time(instant{} + std::chrono::milliseconds(200));
    EXPECT_EQ(us.listen().size(), 1U);
}

TEST_F(smsc_test, receipts_have_tlvs_and_text) {
    start("receipt_before_submit_resp = 1\nresponse_before_submit_resp = 1");
    auto us = bound();
    us.submit(msisdn, packet(), 2, 1);
    const auto units = us.listen();
    ASSERT_EQ(kinds(units), (std::vector{command::bind_transceiver_resp, command::deliver_sm, command::deliver_sm,
                                         command::submit_sm_resp}));
    EXPECT_EQ(body(units[2]).esm_class, 0x04);
    const auto receipt = smpp::parse_receipt(body(units[2]));
    ASSERT_TRUE(receipt);
    EXPECT_EQ(receipt->state, "DELIVRD");
    EXPECT_EQ(receipt->message_id, std::get<smpp::message_response>(units[3].body).message_id);
    EXPECT_NE(smpp::find_option(body(units[2]).options, smpp::tag::receipted_message_id), nullptr);
    EXPECT_TRUE(as_text(body(units[2]).user_data).starts_with("id:" + receipt->message_id + " sub:001"));
}

TEST_F(smsc_test, equal_seeds_give_equal_worlds) {
    const auto outcome = [&](std::uint64_t seed, bool backwards) {
        simulated_cards world(testing_world::make_cards(200));
        smsc_options options;
        options.faults = fault_plan::parse(
                             "lose_submit = 0.3\nlose_response = 0.3\nduplicate = 0.3\nthrottle = 0.2\n"
                             "card_off = 0.1\ncard_wrong_key = 0.1",
                             "test", seed)
                             .value();
        smsc here(world, std::move(options));
        peer us{&here, here.opened({}).value()};
        us.bind();
        for (std::uint32_t i = 0; i < 200; ++i) us.submit(msisdn + (backwards ? 199 - i : i), packet(), 2 + i);
        std::string summary = std::to_string(here.statistics().responses) + ":";
        for (card_index card = 0; card < 200; ++card)
            summary += std::to_string(world.read(card, find_path("7f20/6f46").value()).executed);
        return summary;
    };
    EXPECT_EQ(outcome(1, false), outcome(1, false));
    EXPECT_EQ(outcome(1, false), outcome(1, true));  // the order between cards does not matter
    EXPECT_NE(outcome(1, false), outcome(2, false));
}

TEST_F(smsc_test, a_link_that_does_not_bind_is_closed) {
    start();
    auto us = connect(), them = bound();
    centre->on_time(instant{} + limits::bind_time_out + std::chrono::seconds(1));
    EXPECT_TRUE(centre->wants_close(us.id));
    EXPECT_FALSE(centre->wants_close(them.id));
}

TEST_F(smsc_test, control_lines_are_answered) {
    start();
    auto us = bound();
    us.submit(msisdn, packet());
    auto control = connect();
    const auto ask = [&](std::string_view line) {
        control.say(as_bytes(line));
        const auto said = std::exchange(centre->output(control.id), {});
        return boost::json::parse(as_text(said));
    };
    const auto iccid = cards.list().iccid(0);
    const auto read = ask("{\"card\":\"" + iccid + "\",\"file\":\"7F20/6f46\"}\n");
    EXPECT_EQ(read.at("iccid").as_string(), iccid);
    EXPECT_EQ(read.at("file").as_string(), "7f20/6f46");
    EXPECT_TRUE(read.at("content").as_string().starts_with("0154ff"));
    EXPECT_EQ(read.at("executed").to_number<int>(), 1);
    EXPECT_EQ(read.at("counter").as_string(), "0000000006");
    EXPECT_EQ(ask("{\"statistics\":true}\n").at("submits").to_number<int>(), 1);
    EXPECT_EQ(ask("{\"card\":\"1\",\"file\":\"2fe2\"}\n").at("error").at("code").as_string(), "unknown_card");
    for (const auto* bad : {"{\"card\":7}\n", "{\"card\":\"x\"}\n", "{}\n", "{\n", "{\"stop\":false}\n"})
        EXPECT_TRUE(ask(bad).as_object().contains("error")) << bad;
    EXPECT_EQ(ask("{\"card\":\"" + iccid + "\",\"file\":\"7f20\"}\n").at("error").at("field").as_string(), "file");
    EXPECT_FALSE(centre->stop_requested());
    ask("{\"stop\":true}\n");
    EXPECT_TRUE(centre->stop_requested());
    auto endless = connect();
    endless.say(as_bytes("{" + std::string(limits::control_line_octets, ' ')));
    EXPECT_TRUE(centre->wants_close(endless.id));
}

TEST_F(smsc_test, hostile_octets_close_or_are_answered) {
    smsc_options options;
    options.window = 8;
    start("", std::move(options));
    for (const auto* hex : {"0000000000000004", "000000ff", "ffffffff00000004", "0000000f000000040000000000000001"}) {
        auto us = connect();
        us.say(from_hex(hex).value());
        const bool waits = from_hex(hex).value().size() < 8;
        EXPECT_EQ(centre->wants_close(us.id), !waits) << hex;
    }
    seeded_random random(7);
    bytes good;
    {
        auto digits = std::to_string(msisdn);
        smpp::short_message sent;
        sent.destination = {1, 1, digits};
        sent.esm_class = 0x40;
        const auto octets = packet();
        sent.user_data = octets;
        smpp::append_short_message(good, command::submit_sm, 5, sent).value();
    }
    for (int trial = 0; trial < 20'000; ++trial) {
        auto us = bound();
        auto changed = good;
        for (std::uint64_t i = 0; i <= random.below(4); ++i)
            changed[4 + random.below(changed.size() - 4)] = static_cast<std::uint8_t>(random.next());
        us.say(changed);
        const auto count = us.listen().size();
        EXPECT_GE(count, 1U);
        centre->closed(us.id);
    }
}

TEST_F(smsc_test, a_peer_that_does_not_read_is_not_served_for_ever) {
    start();
    auto us = bound();
    bytes enquiries;
    for (std::uint32_t i = 0; i < 200'000; ++i) smpp::append_header_only(enquiries, command::enquire_link, 0, i + 1);
    const auto consumed = centre->on_bytes(us.id, enquiries, {}, {});
    EXPECT_LT(consumed, enquiries.size());
    EXPECT_LT(centre->output(us.id).size(), limits::link_output_octets + 1'000);
}

TEST_F(smsc_test, links_are_counted) {
    start();
    for (std::size_t i = 0; i < limits::links; ++i) EXPECT_TRUE(centre->opened({}));
    EXPECT_FALSE(centre->opened({}));
}

TEST_F(smsc_test, keeps_what_an_absent_card_cannot_take_and_delivers_it_when_it_is_there) {
    start("card_absent = 1\nabsent_for = \"10s\"\nsmsc_retry = \"4s\"");
    auto us = bound();
    us.submit(msisdn, packet(), 2, 1);
    EXPECT_EQ(kinds(us.listen()), (std::vector{command::bind_transceiver_resp, command::submit_sm_resp}));
    for (const int second : {4, 8}) {
        EXPECT_EQ(centre->next_due(), instant{} + std::chrono::seconds(second));
        centre->on_time(instant{} + std::chrono::seconds(second));
        EXPECT_TRUE(us.listen().empty());
    }
    centre->on_time(instant{} + std::chrono::seconds(12));
    const auto units = us.listen();
    ASSERT_EQ(kinds(units), (std::vector{command::deliver_sm, command::deliver_sm}));
    EXPECT_EQ(smpp::parse_receipt(body(units[1]))->state, "DELIVRD");
    EXPECT_EQ(executed(), 1U);
    EXPECT_FALSE(centre->next_due());
}

TEST_F(smsc_test, gives_up_when_the_validity_of_the_message_ends_and_says_why) {
    start("card_absent = 1\nsmsc_retry = \"40s\"");
    auto us = bound();
    us.submit(msisdn, packet(), 2, 1, {}, "000000000100000R");
    us.submit(msisdn + 1, packet(), 3, 0, {}, "000000000100000R");  // nobody asks for a receipt
    us.listen();
    centre->on_time(instant{} + std::chrono::seconds(59));
    EXPECT_TRUE(us.listen().empty());
    centre->on_time(instant{} + std::chrono::seconds(60));
    const auto units = us.listen();
    ASSERT_EQ(units.size(), 1U);
    const auto receipt = smpp::parse_receipt(body(units[0])).value();
    EXPECT_EQ(receipt.state, "EXPIRED");
    EXPECT_EQ(receipt.network_type, 3);
    EXPECT_EQ(receipt.network_error, 27);
    EXPECT_NE(as_text(body(units[0]).user_data).find("stat:EXPIRED err:027"), std::string_view::npos);
    EXPECT_EQ(executed(), 0U);
}

TEST_F(smsc_test, a_busy_card_is_tried_again_unless_the_centre_does_not) {
    start("card_busy = 0.5\nsmsc_retry = \"1s\"");
    auto us = bound();
    for (card_index card = 0; card < 10; ++card) us.submit(msisdn + card, packet(), 2 + card);
    for (int second = 1; second < 60; ++second) centre->on_time(instant{} + std::chrono::seconds(second));
    EXPECT_GT(centre->statistics().faults[static_cast<std::size_t>(fault::card_busy)], 0U);
    for (card_index card = 0; card < 10; ++card) EXPECT_EQ(executed(card), 1U);

    start("card_busy = 1\nsmsc_retry = \"0s\"");
    auto again = bound();
    again.submit(msisdn, packet(7), 2, 2);
    const auto units = again.listen();
    ASSERT_EQ(kinds(units),
              (std::vector{command::bind_transceiver_resp, command::submit_sm_resp, command::deliver_sm}));
    EXPECT_EQ(smpp::parse_receipt(body(units[2]))->state, "UNDELIV");
    EXPECT_EQ(smpp::parse_receipt(body(units[2]))->network_error, 0xd4);
}

}  // namespace
}  // namespace tessera::sim
