// For tests: a session, its clock, and the SMSC at the other end, played by the test.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "codec/smpp_pdu.h"
#include "telecom/smpp_session.h"

namespace tessera::telecom {

namespace smpp = codec::smpp;
using smpp::command;

// What the session told its owner, as lines.
class session_recorder final : public network_events {
public:
    void on_open() override { said("open"); }
    void on_writable() override { said("writable"); }
    void on_result(std::uint64_t token, submit_result result, std::uint32_t status) override {
        static constexpr std::array names{"accepted", "refused", "exhausted", "link_lost"};
        said(std::to_string(token) + " " + names.at(static_cast<std::size_t>(result)) + " " + std::to_string(status));
    }
    void on_message(const inbound_message& message) override {
        handles.push_back(message.handle);
        said("message " + std::to_string(message.subscriber) + " " + to_hex(message.user_data) +
             (message.has_header ? " header" : ""));
    }
    void on_receipt(const inbound_receipt& receipt) override {
        handles.push_back(receipt.handle);
        said("receipt " + std::to_string(receipt.subscriber) + " " + std::string(receipt.state) +
             (receipt.network_error != 0 ? " " + std::to_string(receipt.network_error) : ""));
    }
    void on_link_down(std::string_view) override {}
    void on_closed() override {}
    void on_failed(const error&) override {}

    std::vector<std::string> take() { return std::exchange(lines_, {}); }
    std::vector<inbound_handle> handles;

private:
    void said(std::string line) { lines_.push_back(std::move(line)); }
    std::vector<std::string> lines_;
};

struct sent_pdu {
    smpp::header head;
    bytes octets;
};

// A session, its clock, and the SMSC at the other end, played by the test.
class session_test : public testing::Test {
protected:
    void start() {
        commons.emplace(settings, &references);
        session.emplace(settings, *commons, events);
    }
    void connect() {
        start();
        session->connected(now);
        const auto bound = sent();
        ASSERT_EQ(bound.size(), 1U);
        answer(command::bind_transceiver_resp, bound[0].head.sequence);
        ASSERT_EQ(events.take(), std::vector<std::string>{"open"});
    }
    // What left since the last call.
    std::vector<sent_pdu> sent() {
        std::vector<sent_pdu> all;
        const auto out = std::exchange(session->output(), {});
        for (byte_view rest(out); !rest.empty();) {
            const auto length = smpp::first_pdu_octets(rest).value();
            smpp::header head;
            EXPECT_TRUE(smpp::decode(rest.first(length), head));
            all.push_back({head, to_bytes(rest.first(length))});
            rest = rest.subspan(length);
        }
        session->on_drained(now);
        return all;
    }
    void answer(command id, std::uint32_t sequence, std::uint32_t status = 0) {
        bytes octets;
        if (id == command::generic_nack || id == command::unbind_resp || id == command::enquire_link_resp)
            smpp::append_header_only(octets, id, status, sequence);
        else
            smpp::append_message_response(octets, id, status, sequence, "1");
        session->on_octets(octets, now);
    }
    bool submit(std::uint64_t token, std::size_t octets = 50) {
        return session->submit(
            {.subscriber = 491701234567, .packet = bytes(octets, 0x5a), .reference = 9, .token = token}, now);
    }
    void deliver(std::uint32_t sequence, std::uint8_t esm_class, byte_view user_data) {
        smpp::short_message message;
        message.source = {1, 1, "491701234567"};
        message.esm_class = esm_class;
        message.user_data = user_data;
        bytes octets;
        ASSERT_TRUE(smpp::append_short_message(octets, command::deliver_sm, sequence, message));
        session->on_octets(octets, now);
    }
    void advance(duration by) {
        now += by;
        session->on_time(now);
    }
    std::vector<std::string> lines(std::initializer_list<const char*> all) { return {all.begin(), all.end()}; }

    smsc_settings settings;
    session_recorder events;
    instant now{};
    reference_book references;
    std::optional<session_commons> commons;
    std::optional<smpp_session> session;
};

}  // namespace tessera::telecom
