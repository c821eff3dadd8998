#include "cards/card_events.h"

#include "base/event_limits.h"
#include "cards/test_registry.h"

namespace tessera::cards {
namespace {

using enum event_kind;

class card_events : public registry_test {
protected:
    static constexpr card_id card{1};
    timestamp now = from_microseconds(1'800'000'000'000'000);

    reported_event seen_in(std::string_view imei, event_kind kind = registration) const {
        reported_event made{kind, std::nullopt, now, "network"};
        if (!imei.empty()) made.phone = parse_imei(imei).value();
        return made;
    }
    event_report tell(const reported_event& event) {
        auto made = store::in_transaction(*writer, [&] { return card_event_store(*writer).record(card, event, now); });
        EXPECT_TRUE(made) << to_string(made.error());
        return made ? *made : event_report{};
    }
    std::vector<event_kind> kinds_told(std::string_view imei) { return tell(seen_in(imei)).kinds; }
    last_phone phone() { return card_event_store(*writer).phone_of(card).value().value(); }
};

constexpr const char *one = "490154203237518", *another = "356938035643809";

TEST_F(card_events, the_first_registration_is_one_of_its_own) {
    EXPECT_EQ(kinds_told(one), (std::vector{registration, first_registration}));
    EXPECT_EQ(phone().phone.imei, one);
    EXPECT_EQ(tell(seen_in(one)).news, event_news::repeated);
    now += std::chrono::hours(2);
    EXPECT_EQ(tell(seen_in(one)).news, event_news::repeated);
    EXPECT_EQ(phone().seen_at, now) << "it was told of again";
    now += limits::event_repeat;
    EXPECT_EQ(kinds_told(one), std::vector{registration});
    EXPECT_EQ(card_event_store(*writer).history(card, 10)->size(), 3U);
}

TEST_F(card_events, another_phone_is_told_exactly_once) {
    tell(seen_in(one));
    now += std::chrono::minutes(1);
    EXPECT_EQ(kinds_told(another), (std::vector{registration, new_imei}));
    EXPECT_EQ(phone().since, now);
    EXPECT_EQ(tell(seen_in(another)).news, event_news::repeated);
    EXPECT_EQ(tell(seen_in(another, new_imei)).news, event_news::repeated);
    EXPECT_EQ(tell(seen_in("35693803564380")).news, event_news::repeated) << "without its check digit";
    EXPECT_EQ(kinds_told(one), (std::vector{registration, new_imei})) << "back again";
}

TEST_F(card_events, another_software_version_is_no_other_phone) {
    tell(seen_in(one));
    EXPECT_EQ(tell(seen_in("4901542032375107")).news, event_news::repeated);
    EXPECT_EQ(phone().phone.software_version, "07");
    tell(seen_in(one));
    EXPECT_EQ(phone().phone.software_version, "07") << "it was not told this time";
}

TEST_F(card_events, a_phone_may_be_told_later_than_the_registration) {
    EXPECT_EQ(kinds_told(""), (std::vector{registration, first_registration}));
    EXPECT_EQ(kinds_told(one), std::vector{registration}) << "nobody knows of another phone before";
    EXPECT_EQ(tell(seen_in("")).news, event_news::repeated);
    EXPECT_EQ(phone().phone.imei, one);
}

TEST_F(card_events, a_feed_may_tell_of_new_phones_alone) {
    EXPECT_EQ(tell(seen_in(one, new_imei)).kinds, std::vector{new_imei});
    EXPECT_EQ(kinds_told(one), (std::vector{registration, first_registration}));
}

TEST_F(card_events, what_is_older_than_what_is_known_changes_nothing) {
    tell(seen_in(one));
    auto late = seen_in(another);
    late.at -= std::chrono::seconds(1);
    EXPECT_EQ(tell(late).news, event_news::outdated);
    EXPECT_EQ(phone().phone.imei, one);
    late.source = "sms";
    late.at = now - limits::event_clock_skew - std::chrono::seconds(1);
    EXPECT_EQ(tell(late).news, event_news::outdated) << "no clock is so wrong";
}

// A feed whose clock is ahead must not make what happens next look old.
TEST_F(card_events, a_clock_that_is_ahead_hides_no_news) {
    auto ahead = seen_in(one);
    ahead.at = now + limits::event_clock_skew;
    EXPECT_EQ(tell(ahead).news, event_news::recorded);
    EXPECT_EQ(phone().seen_at, now);
    now += std::chrono::seconds(1);
    EXPECT_EQ(kinds_told(another), (std::vector{registration, new_imei}));
    EXPECT_EQ(phone().since, now);
    now -= std::chrono::hours(1);
    EXPECT_EQ(kinds_told(one), (std::vector{registration, new_imei})) << "our own clock was set back";
}

TEST_F(card_events, another_source_whose_clock_is_behind_still_tells_news) {
    tell(seen_in(one));
    now += std::chrono::minutes(30);
    tell(seen_in(one));
    auto behind = seen_in(another);
    behind.source = "eir";
    behind.at -= std::chrono::minutes(1);
    EXPECT_EQ(tell(behind).kinds, (std::vector{registration, new_imei}));
    EXPECT_EQ(phone().phone.imei, another);
    EXPECT_EQ(phone().since, behind.at);
    EXPECT_EQ(phone().seen_at, now);
    auto again = seen_in(one);
    again.source = "sms";
    again.at = behind.at - std::chrono::minutes(1);
    EXPECT_EQ(tell(again).news, event_news::outdated) << "that phone was told of before, and this is no later";
    EXPECT_EQ(tell(behind).news, event_news::repeated);
}

// The bound is looked for from the newest event on.
TEST_F(card_events, the_bound_is_of_a_day_and_not_of_a_life) {
    for (int i = 0; i < 3 * limits::events_per_card_and_day; ++i, now += std::chrono::minutes(30))
        EXPECT_FALSE(kinds_told(i % 2 == 0 ? one : another).empty()) << i;
}

TEST_F(card_events, a_card_has_so_many_events_a_day_and_no_more) {
    std::int64_t rows = 0;
    for (int i = 0; rows + 2 <= limits::events_per_card_and_day; ++i, now += std::chrono::seconds(1))
        rows += static_cast<std::int64_t>(kinds_told(i % 2 == 0 ? one : another).size());
    const auto before = phone();
    const auto next = before.phone.imei == one ? another : one;
    EXPECT_EQ(tell(seen_in(next)).news, event_news::limited);
    EXPECT_EQ(phone().phone.imei, before.phone.imei);
    now += std::chrono::hours(24);
    EXPECT_EQ(kinds_told(next), (std::vector{registration, new_imei})) << "the phone is still news";
}

TEST_F(card_events, what_cannot_be_is_refused) {
    card_event_store events(*writer);
    EXPECT_EQ(events.record(card, seen_in("", new_imei), now).error().field, "imei");
    EXPECT_EQ(events.record(card, seen_in(one, first_registration), now).error().field, "kind");
    auto tomorrow = seen_in(one);
    tomorrow.at += std::chrono::hours(24);
    EXPECT_EQ(events.record(card, tomorrow, now).error().field, "at");
    EXPECT_FALSE(events.phone_of(card).value());
}

}  // namespace
}  // namespace tessera::cards
