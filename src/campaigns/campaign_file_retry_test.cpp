#include <gtest/gtest.h>

#include "campaigns/campaign_file.h"

namespace tessera::campaigns {
namespace {

using namespace std::chrono_literals;

// A campaign with this [telecom], which begins in line 11.
std::expected<definition, std::vector<error>> parsed(std::string_view telecom) {
    constexpr std::string_view head = R"([campaign]
name = "x"
[targets]
all = true
[security]
tar = "b00010"
spi = "1639"
[[write]]
file = "7f20/6f46"
content = "0154"
[telecom]
)";
    file_context context;
    context.file = "c.toml";
    return parse_campaign_file(std::string(head) + std::string(telecom), context);
}

void expect_one(std::string_view telecom, std::string_view place, std::string_view word) {
    SCOPED_TRACE(std::string(telecom));
    const auto made = parsed(telecom);
    ASSERT_FALSE(made);
    ASSERT_EQ(made.error().size(), 1U) << to_string(made.error().back());
    EXPECT_EQ(made.error()[0].field, "c.toml:" + std::string(place));
    EXPECT_NE(made.error()[0].message.find(word), std::string::npos) << made.error()[0].message;
}

TEST(campaign_file, has_no_rules_for_sending_again_unless_it_names_them) {
    const auto made = parsed("attempts = 4\n").value();
    EXPECT_FALSE(made.sending_again.retries.any());
    EXPECT_EQ(made.sending_again.validity, 0s);
    EXPECT_FALSE(made.sending_again.wait_validity);
}

TEST(campaign_file, says_by_cause_when_to_send_again) {
    const auto made = parsed(R"(attempts = 4
validity = "6h"
wait_validity = true
[telecom.retry]
absent = {attempts = 7, after = "15m", factor = 1.5, at_most = "4h"}
busy = {attempts = 5, after = "2h"}
throttled = {}
)")
                          .value();
    EXPECT_EQ(made.sending_again.validity, 6h);
    EXPECT_TRUE(made.sending_again.wait_validity);
    const auto& retries = made.sending_again.retries;
    const auto& absent = *retries.of(retry_cause::absent);
    EXPECT_EQ(absent.attempts, 7);
    EXPECT_EQ(absent.after, 15min);
    EXPECT_EQ(absent.factor, 1.5);
    EXPECT_EQ(absent.at_most, 4h);
    const auto& busy = *retries.of(retry_cause::busy);
    EXPECT_EQ(busy.attempts, 5);
    EXPECT_EQ(busy.factor, 2);
    EXPECT_EQ(busy.at_most, 2h);  // the usual hour would be shorter than the first delay
    const auto& throttled = *retries.of(retry_cause::throttled);
    EXPECT_EQ(throttled.attempts, 4);
    EXPECT_EQ(throttled.after, 30s);
    EXPECT_EQ(throttled.at_most, 1h);
    EXPECT_FALSE(retries.of(retry_cause::no_answer));
    EXPECT_FALSE(retries.of(retry_cause::expired));
}

TEST(campaign_file, refuses_rules_for_sending_again_that_make_no_sense_with_their_line) {
    expect_one("retry = 3\n", "12", "expected a section");
    expect_one("[telecom.retry]\nbusy = 3\n", "13", "busy: expected {");
    expect_one("[telecom.retry]\nlazy = {}\n", "13", "unknown key \"lazy\"");
    expect_one("[telecom.retry]\nbusy = {times = 3}\n", "13", "unknown key \"times\"");
    expect_one("[telecom.retry]\nbusy = {attempts = 0}\n", "13", "from 1 to 20");
    expect_one("[telecom.retry]\nbusy = {attempts = 21}\n", "13", "from 1 to 20");
    expect_one("[telecom.retry]\nbusy = {after = \"soon\"}\n", "13", "expected a number and a unit");
    expect_one("[telecom.retry]\nbusy = {after = \"0s\"}\n", "13", "too short");
    expect_one("[telecom.retry]\nbusy = {after = \"25h\"}\n", "13", "24h at most");
    expect_one("[telecom.retry]\nbusy = {after = \"5m\", at_most = \"1m\"}\n", "13", "shorter than after");
    expect_one("[telecom.retry]\nbusy = {factor = 0.5}\n", "13", "from 1 to 10");
    expect_one("[telecom.retry]\nbusy = {factor = \"2\"}\n", "13", "from 1 to 10");
    expect_one("validity = \"31d\"\n", "12", "30d at most");
    expect_one("validity = \"1500ms\"\n", "12", "whole seconds");
    expect_one("validity = 6\n", "12", "in quotes");
    expect_one("wait_validity = true\n", "12", "needs a validity");
}

}  // namespace
}  // namespace tessera::campaigns
