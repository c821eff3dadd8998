#include "codec/smpp_pdu.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "base/limits.h"

namespace tessera::codec::smpp {
namespace {

pdu with(command id, body content, std::uint32_t status = 0) {
    return {.head = {.length = 0, .id = id, .status = status, .sequence = 7}, .body = std::move(content)};
}

bytes encoded(const pdu& unit) {
    bytes out;
    const auto outcome = encode(unit, out);
    EXPECT_TRUE(outcome) << to_string(outcome.error());
    return out;
}

result<pdu> decoded(byte_view octets) {
    header head;
    return decode(octets, head);
}

short_message ota_message(byte_view user_data) {
    return {.service_type = "",
            .source = {0, 1, "1000"},
            .destination = {1, 1, "491701234567"},
            .esm_class = 0x40,
            .protocol_id = 0x7f,
            .schedule_delivery_time = "",
            .validity_period = "",
            .data_coding = 0xf6,
            .user_data = user_data,
            .options = {}};
}

TEST(smpp_pdu, submit_sm_stands_on_the_wire_as_clause_4_4_1_says) {
    const auto user_data = from_hex("02700055").value();
    auto octets = encoded(with(command::submit_sm, ota_message(user_data)));
    EXPECT_EQ(to_hex(octets),
              "00000035000000040000000000000007"  // command_length, command_id, command_status, sequence_number
              "00"                                // service_type
              "00013130303000"                    // source: TON, NPI, "1000"
              "010134393137303132333435363700"    // destination: TON, NPI, "491701234567"
              "407f00"                            // esm_class, protocol_id, priority_flag
              "0000"                              // schedule_delivery_time, validity_period
              "0000f600"                          // registered_delivery, replace_if_present, data_coding, default id
              "0402700055");
    const auto unit = decoded(octets).value();
    const auto& message = std::get<short_message>(unit.body);
    EXPECT_EQ(message.destination.digits, "491701234567");
    EXPECT_EQ(message.esm_class, 0x40);
    EXPECT_EQ(to_hex(message.user_data), "02700055");
    EXPECT_TRUE(message.options.empty());
}

TEST(smpp_pdu, the_shortcuts_give_what_encode_gives) {
    const auto message = ota_message({});
    bytes quick;
    ASSERT_TRUE(append_short_message(quick, command::deliver_sm, 7, message));
    EXPECT_EQ(quick, encoded(with(command::deliver_sm, message)));
    for (const auto status : {status::ok, status::throttled})
        for (const auto id : {command::submit_sm_resp, command::deliver_sm_resp, command::data_sm_resp}) {
            quick.clear();
            append_message_response(quick, id, status, 7, "");
            EXPECT_EQ(quick, encoded(with(id, message_response{}, status))) << command_name(id);
        }
    quick.clear();
    append_header_only(quick, command::enquire_link, 0, 7);
    EXPECT_EQ(quick, encoded(with(command::enquire_link, empty_body{})));
}

const optional_parameters one_option{{tag::message_state, as_bytes("\x02")}};

// PDUs that the others of 3.4 are: decoded to a list of fields.
std::vector<pdu> one_of_each_other() {
    using field = other_body::field;
    const auto number = [](std::string_view name, std::uint32_t value) { return field{name, value}; };
    const auto text = [](std::string_view name, std::string_view value) { return field{name, value}; };
    const std::vector<field> source{number("source_addr_ton", 1), number("source_addr_npi", 1),
                                    text("source_addr", "12")};
    const auto other = [&](std::vector<field> fields, optional_parameters tail = {}) {
        return other_body{std::move(fields), std::move(tail)};
    };
    std::vector<pdu> all;
    all.push_back(with(command::outbind, other({text("system_id", "smsc"), text("password", "secret")})));
    all.push_back(with(command::query_sm, other({text("message_id", "1"), source[0], source[1], source[2]})));
    all.push_back(with(command::query_sm_resp, other({text("message_id", "1"), text("final_date", ""),
                                                      number("message_state", 2), number("error_code", 0)})));
    all.push_back(with(command::cancel_sm, other({text("service_type", ""), text("message_id", "1"), source[0],
                                                  source[1], source[2], number("dest_addr_ton", 1),
                                                  number("dest_addr_npi", 1), text("destination_addr", "34")})));
    all.push_back(
        with(command::replace_sm,
             other({text("message_id", "1"), source[0], source[1], source[2], text("schedule_delivery_time", ""),
                    text("validity_period", "000000000500000R"), number("registered_delivery", 0),
                    number("sm_default_msg_id", 0), field{"short_message", as_bytes("new")}})));
    all.push_back(with(command::submit_multi, other({text("service_type", ""),
                                                     source[0],
                                                     source[1],
                                                     source[2],
                                                     number("number_of_dests", 2),
                                                     number("dest_flag", 1),
                                                     number("dest_addr_ton", 1),
                                                     number("dest_addr_npi", 1),
                                                     text("destination_addr", "34"),
                                                     number("dest_flag", 2),
                                                     text("dl_name", "friends"),
                                                     number("esm_class", 0),
                                                     number("protocol_id", 0),
                                                     number("priority_flag", 0),
                                                     text("schedule_delivery_time", ""),
                                                     text("validity_period", ""),
                                                     number("registered_delivery", 0),
                                                     number("replace_if_present_flag", 0),
                                                     number("data_coding", 0),
                                                     number("sm_default_msg_id", 0),
                                                     field{"short_message", as_bytes("all")}},
                                                    one_option)));
    all.push_back(
        with(command::submit_multi_resp,
             other({text("message_id", "1"), number("no_unsuccess", 1), number("dest_addr_ton", 1),
                    number("dest_addr_npi", 1), text("destination_addr", "34"), number("error_status_code", 0x0b)})));
    all.push_back(with(command::data_sm,
                       other({text("service_type", ""), source[0], source[1], source[2], number("dest_addr_ton", 1),
                              number("dest_addr_npi", 1), text("destination_addr", "34"), number("esm_class", 0),
                              number("registered_delivery", 0), number("data_coding", 4)},
                             {{tag::message_payload, as_bytes("payload")}})));
    all.push_back(with(command::alert_notification, other({source[0], source[1], source[2], number("esme_addr_ton", 1),
                                                           number("esme_addr_npi", 1), text("esme_addr", "34")})));
    return all;
}

std::vector<pdu> one_of_each() {
    std::vector<pdu> all;
    for (const auto id : {command::bind_receiver, command::bind_transmitter, command::bind_transceiver})
        all.push_back(with(id, bind{"esme", "secret", "OTA", 0x34, {0, 1, "49*"}}));
    for (const auto id : {command::bind_receiver_resp, command::bind_transmitter_resp, command::bind_transceiver_resp})
        all.push_back(with(id, bind_response{"smsc", {{tag::sc_interface_version, as_bytes("\x34")}}}));
    for (const auto id : {command::unbind, command::unbind_resp, command::enquire_link, command::enquire_link_resp,
                          command::generic_nack, command::cancel_sm_resp, command::replace_sm_resp})
        all.push_back(with(id, empty_body{}));
    for (const auto id : {command::submit_sm, command::deliver_sm}) {
        auto message = ota_message(as_bytes("abc"));
        message.options = one_option;
        all.push_back(with(id, message));
    }
    for (const auto id : {command::submit_sm_resp, command::deliver_sm_resp, command::data_sm_resp})
        all.push_back(with(id, message_response{"id-1", one_option}));
    for (auto& other : one_of_each_other()) all.push_back(std::move(other));
    return all;
}

TEST(smpp_pdu, every_pdu_of_smpp_3_4_survives_a_round_trip) {
    const auto all = one_of_each();
    EXPECT_EQ(all.size(), 27U);
    for (const auto& unit : all) {
        const auto octets = encoded(unit);
        const auto again = decoded(octets);
        ASSERT_TRUE(again) << command_name(unit.head.id) << ": " << to_string(again.error());
        EXPECT_EQ(to_hex(encoded(*again)), to_hex(octets)) << command_name(unit.head.id);
        EXPECT_EQ(print(*again), print(unit));
    }
}

TEST(smpp_pdu, cut_short_anywhere_it_is_refused_and_the_header_can_still_be_answered) {
    for (const auto& unit : one_of_each()) {
        const auto whole = encoded(unit);
        std::size_t accepted = 0;
        for (std::size_t octets = header_octets; octets < whole.size(); ++octets) {
            auto cut = whole;
            cut.resize(octets);
            store_big_endian(cut.data(), octets, 4);
            header head;
            accepted += decode(cut, head).has_value() ? 1U : 0U;
            EXPECT_EQ(head.sequence, 7U);
            EXPECT_EQ(head.id, unit.head.id);
        }
        EXPECT_LE(accepted, 1U) << command_name(unit.head.id);  // the one that ends just before its TLVs
    }
}

TEST(smpp_pdu, octets_after_the_last_field_are_an_error) {
    for (const auto& unit : one_of_each()) {
        auto longer = encoded(unit);
        longer.push_back(0);
        store_big_endian(longer.data(), longer.size(), 4);
        const auto outcome = decoded(longer);
        ASSERT_FALSE(outcome) << command_name(unit.head.id);
        EXPECT_TRUE(outcome.error().code == "bad_length" || outcome.error().code == "bad_option");
    }
}

TEST(smpp_pdu, a_command_length_that_lies_is_refused) {
    auto octets = encoded(with(command::enquire_link, empty_body{}));
    octets[3] = 15;
    EXPECT_EQ(decoded(octets).error().code, "bad_length");
    EXPECT_EQ(first_pdu_octets(octets).error().code, "bad_length");
    octets[3] = 17;
    EXPECT_EQ(decoded(octets).error().code, "truncated");
    EXPECT_EQ(first_pdu_octets(octets).value(), 17U);
    octets[0] = 1;
    EXPECT_EQ(first_pdu_octets(octets).error().code, "bad_length");
    EXPECT_EQ(first_pdu_octets(byte_view(octets).first(3)).value(), 0U);
}

TEST(smpp_pdu, an_unknown_command_keeps_its_header_for_the_answer) {
    bytes octets;
    append_header_only(octets, static_cast<command>(0x1234), 0, 99);
    header head;
    EXPECT_EQ(decode(octets, head).error().code, "unknown_command");
    EXPECT_EQ(head.sequence, 99U);
}

TEST(smpp_pdu, a_text_without_end_or_beyond_its_maximum_is_refused_by_name) {
    auto message = ota_message({});
    message.service_type = "toolong";
    bytes out{1, 2, 3};
    EXPECT_EQ(encode(with(command::submit_sm, message), out).error().field, "service_type");
    EXPECT_EQ(out.size(), 3U);
    auto octets = encoded(with(command::submit_sm_resp, message_response{std::string_view("0123456789"), {}}));
    octets.back() = 'x';
    EXPECT_EQ(decoded(octets).error().code, "truncated");
    octets.insert(octets.end(), 100, std::uint8_t{'x'});
    store_big_endian(octets.data(), octets.size(), 4);
    const auto refused = decoded(octets).error();
    EXPECT_EQ(refused.code, "bad_field");
    EXPECT_EQ(refused.field, "message_id");
}

TEST(smpp_pdu, a_short_message_above_254_octets_is_refused) {
    const bytes long_data(255, 0x41);
    bytes out;
    EXPECT_EQ(encode(with(command::submit_sm, ota_message(long_data)), out).error().field, "short_message");
    auto octets = encoded(with(command::submit_sm, ota_message({})));
    octets.back() = 255;
    octets.insert(octets.end(), 255, std::uint8_t{0});
    store_big_endian(octets.data(), octets.size(), 4);
    EXPECT_EQ(decoded(octets).error().code, "bad_field");
}

TEST(smpp_pdu, the_number_of_optional_parameters_is_bounded) {
    auto octets = encoded(with(command::submit_sm, ota_message({})));
    for (std::size_t i = 0; i <= limits::smpp_optional_parameters; ++i) append_big_endian(octets, 0x02040000, 4);
    store_big_endian(octets.data(), octets.size(), 4);
    EXPECT_EQ(decoded(octets).error().code, "bad_option");
    octets.resize(octets.size() - 4);
    store_big_endian(octets.data(), octets.size(), 4);
    EXPECT_TRUE(decoded(octets));
}

TEST(smpp_pdu, an_error_response_may_come_without_its_body) {
    for (const auto id : {command::submit_sm_resp, command::deliver_sm_resp, command::data_sm_resp,
                          command::bind_transceiver_resp, command::query_sm_resp}) {
        bytes octets;
        append_header_only(octets, id, status::system_error, 3);
        const auto unit = decoded(octets);
        ASSERT_TRUE(unit) << command_name(id);
        EXPECT_EQ(unit->head.status, status::system_error);
        octets[11] = 0;  // status ok: now the body must be there
        EXPECT_EQ(decoded(octets).error().code, "truncated");
    }
}

TEST(smpp_pdu, prints_names_but_no_password_and_nothing_that_steers_a_terminal) {
    const auto line = print(with(command::bind_transceiver, bind{"es\x1bme\n", "secret", "", 0x34, {}}));
    EXPECT_EQ(line.find("secret"), std::string::npos);
    EXPECT_NE(line.find("password=***"), std::string::npos);
    EXPECT_NE(line.find("system_id=\"es\\x1bme\\x0a\""), std::string::npos);
    EXPECT_NE(print(with(command::submit_sm_resp, message_response{}, status::throttled)).find("ESME_RTHROTTLED"),
              std::string::npos);
    EXPECT_EQ(
        print(with(command::outbind, other_body{{{"system_id", "a"}, {"password", "secret"}}, {}})).find("secret"),
        std::string::npos);
}

TEST(delivery_receipt, is_read_from_its_parameters_before_its_text) {
    auto message =
        ota_message(as_bytes("id:0123 sub:001 dlvrd:001 submit date:2101011200 done date:2101011201 "
                             "stat:UNDELIV err:000 text:hello"));
    message.esm_class = 0x04;
    EXPECT_EQ(parse_receipt(message)->message_id, "0123");
    EXPECT_EQ(parse_receipt(message)->state, "UNDELIV");
    message.options = {{tag::receipted_message_id, as_bytes(std::string_view("ab\0", 3))},
                       {tag::message_state, as_bytes("\x02")}};
    EXPECT_EQ(parse_receipt(message)->message_id, "ab");
    EXPECT_EQ(parse_receipt(message)->state, "DELIVRD");
}

TEST(delivery_receipt, tells_the_networks_error_from_its_parameter_or_else_from_its_text) {
    const auto read = [](std::string_view text, optional_parameters options = {}) {
        auto message = ota_message(as_bytes(text));
        message.esm_class = 0x04;
        message.options = std::move(options);
        const auto receipt = parse_receipt(message).value();
        return std::pair<int, int>(receipt.network_type, receipt.network_error);
    };
    EXPECT_EQ(read("id:1 stat:UNDELIV err:027"), std::pair(0, 27));
    EXPECT_EQ(read("id:1 stat:UNDELIV err:0D4"), std::pair(0, 0xd4));
    EXPECT_EQ(read("id:1 stat:UNDELIV err:000 text:"), std::pair(0, 0));
    for (const auto* nonsense : {"id:1 stat:UNDELIV err:-27", "id:1 stat:UNDELIV err:99999",
                                 "id:1 stat:UNDELIV err:", "id:1 stat:UNDELIV err:2x"})
        EXPECT_EQ(read(nonsense), std::pair(0, 0)) << nonsense;
    const std::array<std::uint8_t, 3> busy{3, 0x00, 0xd4};
    EXPECT_EQ(read("id:1 stat:UNDELIV err:027", {{tag::network_error_code, busy}}), std::pair(3, 0xd4));
    EXPECT_EQ(read("id:1 stat:UNDELIV err:027", {{tag::network_error_code, byte_view(busy).first(2)}}),
              std::pair(0, 27));
}

// Clause 7.1.1.2: "020610233429000R" is 2 years, 6 months, 10 days, 23 hours, 34 minutes and 29 seconds from now.
TEST(relative_time, is_written_and_read) {
    const auto text = [](std::chrono::seconds span) {
        const auto made = relative_time(span);
        return std::string(made.data(), made.size());
    };
    EXPECT_EQ(text(std::chrono::hours(6)), "000000060000000R");
    EXPECT_EQ(text(std::chrono::seconds(59)), "000000000059000R");
    EXPECT_EQ(text(std::chrono::hours(24 * 30) - std::chrono::seconds(1)), "000029235959000R");
    EXPECT_EQ(text(std::chrono::hours(24 * 400)).substr(0, 6), "000099");
    for (const std::int64_t span : {0, 1, 3'599, 86'400, 2'592'000})
        EXPECT_EQ(parse_relative_time(text(std::chrono::seconds(span)))->count(), span);
    EXPECT_EQ(parse_relative_time("020610233429000R")->count(),
              2 * 31'536'000 + 6 * 2'592'000 + 10 * 86'400 + 23 * 3'600 + 34 * 60 + 29);
    for (const auto* other : {"", "000000060000000+", "00000006000000R", "0000000x0000000R", "00000006000000000R"})
        EXPECT_FALSE(parse_relative_time(other)) << other;
}

TEST(delivery_receipt, a_state_outside_the_standard_is_unknown_and_no_state_is_no_receipt) {
    auto message = ota_message(as_bytes("id:1 Stat: banana"));
    message.esm_class = 0x04;
    EXPECT_EQ(parse_receipt(message)->state, "UNKNOWN");
    message.user_data = as_bytes("hello");
    EXPECT_FALSE(parse_receipt(message));
}

}  // namespace
}  // namespace tessera::codec::smpp
