// Sending again by cause: absent subscribers, busy cards, messages that expire; the octets are always the same.
#include "campaign_world.h"

namespace tessera::campaigns {
namespace {

// Packets that left, by subscriber; a second one with other octets fails the test.
class sendings {
public:
    explicit sendings(world& here) {
        here.tap.on_submit = [this](const telecom::outbound_message& message) {
            const auto [known, fresh] = first_.try_emplace(message.subscriber, to_bytes(message.packet));
            EXPECT_EQ(known->second, to_bytes(message.packet));
            ++count_[message.subscriber];
            validity = message.validity;
        };
    }
    [[nodiscard]] int most() const {
        int found = 0;
        for (const auto& [subscriber, times] : count_) found = std::max(found, times);
        return found;
    }
    std::chrono::seconds validity{0};

private:
    std::map<telecom::subscriber_number, bytes> first_;
    std::map<telecom::subscriber_number, int> count_;
};

std::string retrying(std::string_view rules, std::string_view more = "") {
    return "por_timeout = \"10s\"\nattempts = 1\n" + std::string(more) + "[telecom.retry]\n" + std::string(rules);
}

TEST(campaigns, retries_reach_absent_subscribers_when_they_are_back) {
    world here({.cards = 60, .faults = "card_absent = 0.5\nabsent_for = \"300ms\"\nsmsc_retry = \"0s\"", .seed = 3});
    sendings sent(here);
    const auto made = here.run(
        {.telecom = retrying("absent = {attempts = 20, after = \"50ms\", factor = 1.5, at_most = \"200ms\"}\n")});
    here.expect_outcomes(made, {.done = 60});
    here.expect_sound(made);
    EXPECT_GT(here.sim->statistics().faults[static_cast<std::size_t>(sim::fault::card_absent)], 30U);
    EXPECT_GT(sent.most(), 2);
    EXPECT_EQ(here.sim->statistics().refused, 0U);
}

TEST(campaigns, retries_end_after_their_attempts_and_the_card_is_unknown_and_not_failed) {
    world here({.cards = 20, .faults = "card_absent = 1\nsmsc_retry = \"0s\""});
    sendings sent(here);
    const auto made = here.run({.telecom = retrying("absent = {attempts = 3, after = \"20ms\"}\n")});
    here.expect_outcomes(made, {.unknown = 20});
    EXPECT_EQ(sent.most(), 3);
    for (const auto& row : here.rows(made)) EXPECT_EQ(row.why.kind, operations::cause_kind::no_answer);
}

TEST(campaigns, retries_come_back_to_busy_cards) {
    world here({.cards = 60, .faults = "card_busy = 0.5\nsmsc_retry = \"0s\"", .seed = 5});
    sendings sent(here);
    const auto made = here.run({.telecom = retrying("busy = {attempts = 20, after = \"20ms\", factor = 1}\n")});
    here.expect_outcomes(made, {.done = 60});
    here.expect_sound(made);
    EXPECT_GT(sent.most(), 2);
}

// The centre tries by itself; nothing is sent twice, whatever the time-out.
TEST(campaigns, retries_wait_for_the_validity_while_the_centre_tries) {
    world here({.cards = 40, .faults = "card_absent = 0.5\nabsent_for = \"400ms\"\nsmsc_retry = \"50ms\"", .seed = 6});
    sendings sent(here);
    const auto made =
        here.run({.telecom = "por_timeout = \"100ms\"\nattempts = 3\nvalidity = \"1h\"\nwait_validity = true"});
    here.expect_outcomes(made, {.done = 40});
    EXPECT_EQ(sent.most(), 1);
    EXPECT_EQ(sent.validity, std::chrono::hours(1));
    EXPECT_EQ(here.sim->statistics().submits, 40U);
}

TEST(campaigns, retries_follow_when_the_centre_says_that_the_validity_ended) {
    world here({.cards = 20, .faults = "card_absent = 1\nabsent_for = \"1500ms\"\nsmsc_retry = \"2s\""});
    sendings sent(here);
    const auto made = here.run({.telecom = retrying("expired = {attempts = 5, after = \"100ms\"}\n",
                                                    "validity = \"1s\"\nwait_validity = true\n")});
    here.expect_outcomes(made, {.done = 20});
    here.expect_sound(made);
    EXPECT_EQ(sent.most(), 2);
}

TEST(campaigns, retries_of_a_follow_up_are_those_of_the_first) {
    world here({.cards = 5, .faults = "card_absent = 1\nabsent_for = \"60ms\"\nsmsc_retry = \"0s\""});
    const auto made =
        here.run({.telecom = retrying("absent = {attempts = 1, after = \"20ms\"}\n", "validity = \"6h\"\n")});
    here.expect_outcomes(made, {.unknown = 5});
    const auto next = here.follow_up(made).value();
    const auto what = definition_of(next).value();
    EXPECT_EQ(what.sending_again.validity, std::chrono::hours(6));
    EXPECT_EQ(what.sending_again.retries.of(retry_cause::absent)->attempts, 1);
}

}  // namespace
}  // namespace tessera::campaigns
