#include <gtest/gtest.h>

#include "base/hex.h"
#include "telecom/smpp_session.h"

namespace tessera::telecom {
namespace {

namespace smpp = codec::smpp;

class event_counter final : public network_events {
public:
    void on_open() override { ++count; }
    void on_writable() override { ++count; }
    void on_result(std::uint64_t, submit_result, std::uint32_t) override { ++count; }
    void on_message(const inbound_message&) override { ++count; }
    void on_receipt(const inbound_receipt&) override { ++count; }
    void on_link_down(std::string_view) override {}
    void on_closed() override {}
    void on_failed(const error&) override {}
    int count = 0;
};

// Hostile input: what comes in, what must go out (hex of the whole answer), and whether the link survives.
struct hostile_case {
    const char* name;
    std::string_view in, out;
    bool survives;
};
class hostile_pdu : public testing::TestWithParam<hostile_case> {};
TEST_P(hostile_pdu, is_answered_as_smpp_3_4_says) {
    const smsc_settings settings;
    event_counter events;
    session_commons commons(settings);
    smpp_session session(settings, commons, events);
    session.connected(instant{});
    session.output().clear();
    bytes bound;
    smpp::append_message_response(bound, smpp::command::bind_transceiver_resp, 0, 1, "smsc");
    session.on_octets(bound, instant{});
    ASSERT_EQ(session.state(), smpp_session::phase::open);
    events.count = 0;

    session.on_octets(from_hex(GetParam().in).value(), instant{});
    EXPECT_EQ(to_hex(session.output()), GetParam().out);
    EXPECT_EQ(session.state() == smpp_session::phase::open, GetParam().survives);
    EXPECT_EQ(events.count, 0);
}
INSTANTIATE_TEST_SUITE_P(
    clause_4_3_1, hostile_pdu,
    testing::Values(
        hostile_case{"unknown_command", "00000010000001230000000000000009", "00000010800000000000000300000009", true},
        hostile_case{"unknown_response", "00000010800001230000000000000009", "", true},
        hostile_case{"length_below_16", "0000000f000000050000000000000009", "00000010800000000000000200000009", false},
        hostile_case{"length_of_zero", "00000000", "00000010800000000000000200000000", false},
        hostile_case{"length_of_four_gigabytes", "ffffffff", "00000010800000000000000200000000", false},
        hostile_case{"delivery_without_body", "00000010000000050000000000000009", "0000001180000005000000020000000900",
                     true},
        hostile_case{"delivery_whose_text_has_no_end",
                     "0000001600000005000000000000000941414141"
                     "4141",
                     "000000118000000500"
                     "0000ff0000000900",
                     true},
        hostile_case{"enquire_link_with_garbage", "0000001100000015000000000000000900",
                     "00000010800000150000000200000009", true},
        hostile_case{"submit_from_the_smsc", "00000010000000040000000000000009", "00000010800000040000000200000009",
                     true},
        hostile_case{"bind_from_the_smsc",
                     "000000170000000900000000000000090000"
                     "0034000000",
                     "00000010800000090000000300000009", true}),
    [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace tessera::telecom
