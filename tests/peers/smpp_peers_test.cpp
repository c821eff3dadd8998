// Our SMPP beside Net::SMPP (Perl) and npm `smpp` (node): what we encode they decode, what they encode we decode, and
// our link talks to their server.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>

#include "base/hex.h"
#include "codec/smpp_pdu.h"
#include "telecom/smpp_link.h"

namespace tessera {
namespace {

namespace smpp = codec::smpp;
using smpp::command;

const std::string folder = TESSERA_SOURCE_DIR "/tests/peers/";

class program {
public:
    explicit program(const std::string& command_line) : pipe_(popen(command_line.c_str(), "r")) {}
    ~program() {
        if (pipe_ != nullptr) pclose(pipe_);
    }
    program(const program&) = delete;
    program& operator=(const program&) = delete;
    // Without its end; empty when there is no more.
    std::string line() {
        std::string text;
        for (int character = 0; pipe_ != nullptr && (character = std::fgetc(pipe_)) != EOF && character != '\n';)
            text += static_cast<char>(character);
        return text;
    }

private:
    std::FILE* pipe_;
};

smpp::short_message sample_message(byte_view user_data) {
    return {.service_type = "CMT",
            .source = {0, 1, "1000"},
            .destination = {1, 1, "491701234567"},
            .esm_class = 0x40,
            .protocol_id = 0x7f,
            .priority = 1,
            .schedule_delivery_time = "",
            .validity_period = "000000001000000R",
            .registered_delivery = 1,
            .data_coding = 0xf6,
            .user_data = user_data,
            .options = {}};
}

std::string hex_text(std::string_view text) { return to_hex(as_bytes(text)); }

// One PDU of ours, and what Net::SMPP must say about it.
struct oracle_case {
    smpp::pdu unit;
    std::map<std::string, std::string> fields;
};

std::vector<oracle_case> oracle_cases(byte_view user_data) {
    const auto unit = [](command id, smpp::body content, std::uint32_t status = 0) {
        return smpp::pdu{.head = {.length = 0, .id = id, .status = status, .sequence = 77}, .body = std::move(content)};
    };
    const std::map<std::string, std::string> message_fields{{"service_type", "CMT"},
                                                            {"source_addr_ton", "0"},
                                                            {"source_addr_npi", "1"},
                                                            {"source_addr", "1000"},
                                                            {"dest_addr_ton", "1"},
                                                            {"dest_addr_npi", "1"},
                                                            {"destination_addr", "491701234567"},
                                                            {"esm_class", "64"},
                                                            {"protocol_id", "127"},
                                                            {"priority_flag", "1"},
                                                            {"schedule_delivery_time", ""},
                                                            {"validity_period", "000000001000000R"},
                                                            {"registered_delivery", "1"},
                                                            {"replace_if_present_flag", "0"},
                                                            {"data_coding", "246"},
                                                            {"sm_default_msg_id", "0"},
                                                            {"short_message", std::string(as_text(user_data))}};
    return {
        {unit(command::submit_sm, sample_message(user_data)), message_fields},
        {unit(command::deliver_sm, sample_message(user_data)), message_fields},
        {unit(command::bind_transceiver, smpp::bind{"esme", "secret", "OTA", 0x34, {1, 1, "49*"}}),
         {{"system_id", "esme"},
          {"password", "secret"},
          {"system_type", "OTA"},
          {"interface_version", "52"},
          {"addr_ton", "1"},
          {"addr_npi", "1"},
          {"address_range", "49*"}}},
        {unit(command::bind_transceiver_resp, smpp::bind_response{"smsc", {}}), {{"system_id", "smsc"}}},
        {unit(command::submit_sm_resp, smpp::message_response{"id-4", {}}), {{"message_id", "id-4"}}},
        {unit(command::deliver_sm_resp, smpp::message_response{"", {}}, 0x64), {{"message_id", ""}}},
        {unit(command::enquire_link, smpp::empty_body{}), {}},
        {unit(command::unbind, smpp::empty_body{}), {}},
        {unit(command::generic_nack, smpp::empty_body{}, 3), {}},
    };
}

TEST(net_smpp, decodes_what_we_encode_field_by_field) {
    const auto user_data = from_hex("02700000010203").value();
    const auto cases = oracle_cases(user_data);
    const std::string input = TESSERA_BINARY_DIR "/net_smpp_input.hex";
    {
        std::ofstream file(input);
        for (const auto& each : cases) {
            bytes octets;
            ASSERT_TRUE(smpp::encode(each.unit, octets));
            file << to_hex(octets) << '\n';
        }
    }
    program oracle("perl '" + folder + "net_smpp.pl' decode < '" + input + "'");
    for (const auto& each : cases) {
        std::istringstream line(oracle.line());
        std::uint32_t id = 0, status = 0, sequence = 0;
        ASSERT_TRUE(line >> id >> status >> sequence) << "perl or Net::SMPP is missing: apt install libnet-smpp-perl";
        EXPECT_EQ(id, static_cast<std::uint32_t>(each.unit.head.id));
        EXPECT_EQ(status, each.unit.head.status);
        EXPECT_EQ(sequence, 77U);
        std::map<std::string, std::string> said;
        for (std::string field; line >> field;)
            said[field.substr(0, field.find('='))] = field.substr(field.find('=') + 1);
        for (const auto& [name, value] : each.fields)
            EXPECT_EQ(said[name], hex_text(value)) << smpp::command_name(each.unit.head.id) << " " << name;
    }
}

TEST(net_smpp, encodes_what_we_decode_to_the_same_octets_again) {
    program oracle("perl '" + folder + "net_smpp.pl' encode");
    const std::array ids{command::bind_transceiver, command::submit_sm,       command::deliver_sm,
                         command::submit_sm_resp,   command::deliver_sm_resp, command::enquire_link,
                         command::unbind_resp,      command::generic_nack,    command::bind_transceiver_resp,
                         command::query_sm};
    for (std::uint32_t i = 0; i < ids.size(); ++i) {
        const auto octets = from_hex(oracle.line()).value();
        smpp::header head;
        const auto unit = smpp::decode(octets, head);
        ASSERT_TRUE(unit) << smpp::command_name(ids.at(i)) << ": " << to_string(unit.error());
        EXPECT_EQ(head.id, ids.at(i));
        EXPECT_EQ(head.sequence, i + 1);
        bytes again;
        ASSERT_TRUE(smpp::encode(*unit, again));
        EXPECT_EQ(to_hex(again), to_hex(octets)) << smpp::print(*unit);
        if (const auto* const message = std::get_if<smpp::short_message>(&unit->body)) {
            EXPECT_EQ(message->destination.digits, "491701234567");
            EXPECT_EQ(message->validity_period, "000000001000000R");
            EXPECT_EQ(to_hex(message->user_data), "02700000010203");
            if (head.id == command::deliver_sm) {
                EXPECT_EQ(smpp::parse_receipt(*message)->message_id, "abc");
            }
        }
    }
}

class campaign final : public telecom::network_events {
public:
    void on_open() override { pump(); }
    void on_writable() override { pump(); }
    void on_result(std::uint64_t, telecom::submit_result result, std::uint32_t) override {
        accepted += result == telecom::submit_result::accepted ? 1 : 0;
        close_when_done();
    }
    void on_message(const telecom::inbound_message& message) override {
        answers += to_hex(message.user_data) == "027100000b0ab0001000000000000006" && message.has_header &&
                           message.subscriber >= 491700000000
                       ? 1
                       : 0;
        link->acknowledge(message.handle);
        close_when_done();
    }
    void on_receipt(const telecom::inbound_receipt&) override {}
    void on_link_down(std::string_view why) override { problem = why; }
    void on_closed() override { over(); }
    void on_failed(const error& why) override {
        problem = to_string(why);
        over();
    }

    static constexpr int messages = 200, parts = 3;
    telecom::network* link = nullptr;
    int submitted = 0, accepted = 0, answers = 0;
    std::string problem;
    std::function<void()> over;

private:
    void pump() {
        const bytes packet(300, 0x5a);
        while (submitted < messages && link->submit({.subscriber = 491700000000U + static_cast<unsigned>(submitted),
                                                     .packet = packet,
                                                     .reference = static_cast<std::uint8_t>(submitted),
                                                     .token = static_cast<std::uint64_t>(submitted)}))
            ++submitted;
    }
    void close_when_done() {
        if (accepted == messages && answers == messages * parts) link->close();
    }
};

TEST(npm_smpp, as_smsc_takes_our_messages_throttles_some_and_gets_its_deliveries_acknowledged) {
    program smsc("node '" + folder + "smsc.js'");
    telecom::smsc_settings settings;
    settings.password = "secret";
    settings.address = "127.0.0.1:" + smsc.line();
    ASSERT_NE(settings.address, "127.0.0.1:") << "node or its package is missing: npm ci in tests/peers";
    net::event_loop loop;
    campaign events;
    const auto link = telecom::make_smpp_link(loop, settings, system_clock(), events);
    events.link = link.get();
    auto guard = loop.after(std::chrono::seconds(30), [&] {
        events.problem = "nothing happened for 30 seconds";
        loop.stop();
    });
    events.over = [&] { guard.reset(); };
    link->open();
    loop.run();
    EXPECT_EQ(events.problem, "");
    EXPECT_EQ(events.accepted, campaign::messages);
    EXPECT_EQ(events.answers, campaign::messages * campaign::parts);
    const auto seen = smsc.line();
    EXPECT_NE(seen.find("\"acknowledged\":" + std::to_string(campaign::messages * campaign::parts)), std::string::npos)
        << seen;
    EXPECT_NE(seen.find("\"refused\":0"), std::string::npos) << seen;
}

}  // namespace
}  // namespace tessera
