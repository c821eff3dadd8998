#include "operations/event_message.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::operations {
namespace {

constexpr const char* imei = "490154203237518";

bytes octets(std::string_view hex) { return from_hex(hex).value(); }

event_rule rule(imei_form form = imei_form::tlv) {
    event_rule made;
    made.to = "7001";
    made.imei = form;
    return made;
}

std::optional<std::size_t> answers(const event_rule& to, std::string_view destination, byte_view user_data,
                                   bool has_header = false) {
    telecom::inbound_message message;
    message.destination = destination;
    message.user_data = user_data;
    message.has_header = has_header;
    return rule_for(std::span(&to, 1), message);
}

std::string told(const event_rule& by, std::string_view hex, bool has_header = false) {
    const auto found = read_event(by, octets(hex), has_header);
    return !found ? to_string(found.error()) : found->phone ? found->phone->imei : "none";
}

TEST(event_message, is_known_by_where_it_went_and_how_it_begins) {
    auto one = rule();
    EXPECT_TRUE(answers(one, "7001", octets("94")));
    EXPECT_TRUE(answers(one, "+7001", octets("94")));
    EXPECT_FALSE(answers(one, "7002", octets("94")));
    one.begins_with = octets("d10e");
    EXPECT_TRUE(answers(one, "7001", octets("d10e94")));
    EXPECT_FALSE(answers(one, "7001", octets("d1")));
    EXPECT_FALSE(answers(one, "7001", octets("d20e94")));
}

TEST(event_message, is_known_by_its_port) {
    event_rule one;
    one.port = 0x1234;
    EXPECT_TRUE(answers(one, "", octets("060504123400004a"), true));
    EXPECT_FALSE(answers(one, "", octets("060504123500004a"), true));
    EXPECT_FALSE(answers(one, "", octets("060504123400004a"), false)) << "no header, whatever it looks like";
    EXPECT_FALSE(answers(one, "", octets("0605041234"), true)) << "cut short";
}

TEST(event_message, packets_and_parts_of_longer_messages_are_none) {
    EXPECT_FALSE(answers(rule(), "7001", octets("027100000b0a"), true));
    EXPECT_FALSE(answers(rule(), "7001", octets("027000000b0a"), true));
    EXPECT_FALSE(answers(rule(), "7001", octets("050003010201aa"), true));
    EXPECT_TRUE(answers(rule(), "7001", octets("050003010101aa"), true)) << "the one part of one";
    EXPECT_FALSE(answers(rule(), "7001", octets("0605043e813e80000e0a"), true)) << "an agent's acknowledgement";
    EXPECT_FALSE(answers(rule(), "7001", octets("000e0ab00010"))) << "a response packet whose header is gone";
}

TEST(event_message, the_imei_stands_in_one_of_the_forms_that_applets_use) {
    EXPECT_EQ(told(rule(),
                   "02028281"
                   "94084a09512430325781"),
              imei);
    EXPECT_EQ(told(rule(), "94084a09512430325701"), imei) << "signalled with the spare digit";
    EXPECT_EQ(told(rule(imei_form::identity), "4a09512430325781"), imei);
    EXPECT_EQ(told(rule(imei_form::bcd), "94104502237315f8"), imei);
    EXPECT_EQ(told(rule(imei_form::text), to_hex(as_bytes("490154203237518;1.2"))), imei);
    EXPECT_EQ(told(rule(imei_form::none), "00"), "none");
    auto behind = rule(imei_form::text);
    behind.imei_at = 5;
    EXPECT_EQ(told(behind, to_hex(as_bytes("IMEI:49015420323751"))), imei);
    EXPECT_EQ(told(rule(), "0605041234000094084a09512430325781", true), imei);
    const auto with_software = read_event(rule(), octets("e2094309512430325701f1"), false);
    EXPECT_EQ(with_software->phone->software_version, "01");
}

TEST(event_message, what_cannot_be_read_says_why) {
    EXPECT_EQ(told(rule(), "0202828100"), "imei: the message has no TLV with an IMEI");
    EXPECT_EQ(told(rule(imei_form::identity), "4a0951"), "imei: the identity is cut short");
    EXPECT_EQ(told(rule(imei_form::bcd), "9410"), "imei: expected 14 or 15 digits of an IMEI, or 16 of an IMEISV");
    EXPECT_EQ(told(rule(imei_form::text), to_hex(as_bytes("490154203237519"))),
              "imei: the last digit is not the Luhn check digit of the others");
    auto behind = rule(imei_form::text);
    behind.imei_at = 5;
    EXPECT_EQ(told(behind, "4142"), "imei: the message ends before it");
}

}  // namespace
}  // namespace tessera::operations
