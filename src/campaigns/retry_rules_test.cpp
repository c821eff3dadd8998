#include "campaigns/retry_rules.h"

#include <gtest/gtest.h>

namespace tessera::campaigns {
namespace {

using namespace std::chrono_literals;

TEST(delay_after, grows_by_the_factor_up_to_its_most) {
    const retry_rule rule{9, 30s, 2, 5min};
    EXPECT_EQ(delay_after(rule, 1), 30s);
    EXPECT_EQ(delay_after(rule, 2), 60s);
    EXPECT_EQ(delay_after(rule, 4), 240s);
    EXPECT_EQ(delay_after(rule, 5), 5min);
    EXPECT_EQ(delay_after(rule, 1'000'000), 5min);
    EXPECT_EQ(delay_after({9, 10s, 1, 1h}, 1'000), 10s);
    EXPECT_EQ(delay_after({9, 10s, 1.5, 1h}, 2), 15s);
    EXPECT_EQ(delay_after({9, 10s, 2, 5s}, 1), 5s);
}

class receipts : public testing::Test {
protected:
    receipts() {
        for (const auto cause : {retry_cause::absent, retry_cause::busy, retry_cause::expired}) rules.set(cause, {});
    }
    [[nodiscard]] std::optional<retry_cause> cause(std::string_view state, std::uint16_t error = 0,
                                                   std::uint8_t network = 3) const {
        telecom::inbound_receipt receipt;
        receipt.state = state;
        receipt.network_error = error;
        receipt.network_type = network;
        return cause_of(receipt, rules);
    }
    retry_rules rules;
};

TEST_F(receipts, name_a_cause_by_their_state_and_else_by_the_networks_error) {
    EXPECT_EQ(cause("EXPIRED"), retry_cause::expired);
    EXPECT_EQ(cause("EXPIRED", 27), retry_cause::expired);
    EXPECT_EQ(cause("UNDELIV", 27), retry_cause::absent);
    EXPECT_EQ(cause("UNDELIV", 6, 0), retry_cause::absent);
    EXPECT_EQ(cause("UNDELIV", 0xd4), retry_cause::busy);
    EXPECT_EQ(cause("REJECTD", 0x9300), retry_cause::busy);
    EXPECT_EQ(cause("UNDELIV"), std::nullopt);
    EXPECT_EQ(cause("UNDELIV", 1), std::nullopt);      // unknownSubscriber
    EXPECT_EQ(cause("UNDELIV", 27, 2), std::nullopt);  // IS-95's 27 is something else
    EXPECT_EQ(cause("ENROUTE", 27), std::nullopt);     // it still tries
    EXPECT_EQ(cause("DELIVRD", 0xd4), std::nullopt);
}

TEST_F(receipts, name_no_cause_that_has_no_rule) {
    rules = {};
    EXPECT_FALSE(rules.any());
    EXPECT_EQ(cause("UNDELIV", 27), std::nullopt);
    rules.set(retry_cause::absent, {});
    EXPECT_TRUE(rules.any());
    EXPECT_EQ(cause("EXPIRED", 27), retry_cause::absent);
    EXPECT_EQ(cause("EXPIRED", 0xd4), std::nullopt);
}

}  // namespace
}  // namespace tessera::campaigns
