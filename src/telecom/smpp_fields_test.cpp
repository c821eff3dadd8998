// What a submit_sm carries of its own beside the settings of its SMSC.
#include "telecom/smpp_session_world.h"

namespace tessera::telecom {
namespace {

class smpp_fields : public session_test {};

TEST_F(smpp_fields, a_message_has_validity_and_receipt_of_its_own_or_those_of_the_settings) {
    settings.validity_period = "000001000000000R";
    connect();
    for (const bool own : {true, false}) {
        const bytes packet(300, 0x5a);
        outbound_message message{.subscriber = 491701234567, .packet = packet, .reference = 9, .token = 1};
        if (own) {
            message.validity = std::chrono::hours(6);
            message.receipt = true;
        }
        ASSERT_TRUE(session->submit(message, now));
        const auto out = this->sent();
        ASSERT_EQ(out.size(), 3U);
        for (const auto& part : out) {
            smpp::header head;
            const auto unit = smpp::decode(part.octets, head).value();
            const auto& sent = std::get<smpp::short_message>(unit.body);
            EXPECT_EQ(sent.validity_period, own ? "000000060000000R" : "000001000000000R");
            EXPECT_EQ(sent.registered_delivery, own ? 1 : 0);
        }
    }
}

}  // namespace
}  // namespace tessera::telecom
