// What a submit_sm carries of its own beside the settings of its SMSC.
#include <gtest/gtest.h>

#include "telecom/smpp_session.h"

namespace tessera::telecom {
namespace {

namespace smpp = codec::smpp;

class nobody final : public network_events {
public:
    void on_open() override {}
    void on_writable() override {}
    void on_result(std::uint64_t, submit_result, std::uint32_t) override {}
    void on_message(const inbound_message&) override {}
    void on_receipt(const inbound_receipt&) override {}
    void on_link_down(std::string_view) override {}
    void on_closed() override {}
    void on_failed(const error&) override {}
};

TEST(smpp_fields, a_message_has_validity_and_receipt_of_its_own_or_those_of_the_settings) {
    smsc_settings settings;
    settings.validity_period = "000001000000000R";
    nobody events;
    smpp_session session(settings, events);
    const instant now{};
    session.connected(now);
    smpp::header head;
    ASSERT_TRUE(smpp::decode(session.output(), head));
    session.output().clear();
    bytes bound;
    smpp::append_message_response(bound, smpp::command::bind_transceiver_resp, 0, head.sequence, "");
    session.on_octets(bound, now);
    for (const bool own : {true, false}) {
        const bytes packet(300, 0x5a);
        outbound_message message{.subscriber = 491701234567, .packet = packet, .reference = 9, .token = 1};
        if (own) {
            message.validity = std::chrono::hours(6);
            message.receipt = true;
        }
        ASSERT_TRUE(session.submit(message, now));
        const auto out = std::exchange(session.output(), {});
        int parts = 0;
        for (byte_view rest(out); !rest.empty(); ++parts) {
            const auto length = smpp::first_pdu_octets(rest).value();
            const auto unit = smpp::decode(rest.first(length), head).value();
            const auto& sent = std::get<smpp::short_message>(unit.body);
            EXPECT_EQ(sent.validity_period, own ? "000000060000000R" : "000001000000000R");
            EXPECT_EQ(sent.registered_delivery, own ? 1 : 0);
            rest = rest.subspan(length);
        }
        EXPECT_EQ(parts, 3);
    }
}

}  // namespace
}  // namespace tessera::telecom
