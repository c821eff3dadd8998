// How an operation looks for a counter that its card takes.
#include <gtest/gtest.h>

#include <algorithm>

#include "operations/counter_hint.h"
#include "operations/under_way.h"

namespace tessera::operations {
namespace {

using step = under_way::step;

class resync : public testing::Test {
protected:
    resync() {
        keys.header = {1, crypto::cipher_algorithm::aes128, crypto::cipher_algorithm::aes128, 0};
        for (auto* key : {&keys.kic, &keys.kid}) std::ranges::fill(key->resize(16), std::uint8_t{0x11});
        request.kind = operation_kind::resync;
        request.security.spi = {0x16, 0x39};
        request.security.tar = {0xb0, 0x00, 0x10};
    }
    // A card whose counter stands at `taken` answers the packet with this one.
    bytes answer(std::uint64_t counter, std::uint64_t taken) {
        const auto security = security_for(request.security, keys.header);
        const bool runs = counter > taken;
        const bytes data = runs ? bytes{0x01, 0x90, 0x00} : bytes{};
        bytes out;
        const auto status = runs ? codec::response_status::ok : codec::response_status::counter_low;
        codec_
            .encode_response(security, {keys.kic.reveal(), keys.kid.reveal()}, counter,
                             static_cast<std::uint8_t>(status), data, false, true, out)
            .value();
        return out;
    }
    // The counters that it tries, from `given` on, against such a card.
    std::vector<std::uint64_t> tries(std::uint64_t given, std::uint64_t taken) {
        work.emplace(request, cards::key_set{keys.header, keys.kic.clone(), keys.kid.clone()});
        std::vector<std::uint64_t> all;
        for (int i = 0; i < 100; ++i) {
            const auto counter = std::max(given, work->counter_floor()) + 1;
            given = counter;
            all.push_back(counter);
            work->sent_as(counter);
            work->sending();
            if (work->take(judge_, answer(counter, taken)) != step::send) break;
        }
        return all;
    }

    cards::key_set keys;
    single_request request;
    std::optional<under_way> work;

private:
    codec::secured_packet_codec codec_;
    judge judge_;
};

TEST_F(resync, a_card_in_step_takes_the_next_counter) {
    EXPECT_EQ(tries(41, 41), (std::vector<std::uint64_t>{42}));
    EXPECT_EQ(work->answer().what, outcome::done);
    EXPECT_EQ(work->answer().counter, 42U);
}

TEST_F(resync, a_card_ahead_is_reached_by_leaps_that_double) {
    EXPECT_EQ(tries(0, 20), (std::vector<std::uint64_t>{1, 3, 7, 15, 31}));
    EXPECT_EQ(work->answer().what, outcome::done);
    EXPECT_EQ(work->answer().counter, 31U);
}

TEST_F(resync, goes_no_further_than_it_may_and_says_what_the_card_said) {
    request.leap_max = 10;
    EXPECT_EQ(tries(0, 1'000), (std::vector<std::uint64_t>{1, 3, 7, 11}));
    EXPECT_EQ(work->answer().what, outcome::failed);
    EXPECT_TRUE(refuses_counters(work->answer().why));
    EXPECT_NE(counter_hint(work->answer().why)->find("card resync"), std::string::npos);
    request.leap_max = 0;
    EXPECT_EQ(tries(0, 1'000), (std::vector<std::uint64_t>{1}));
}

TEST_F(resync, begins_where_it_is_told_to) {
    request.counter = 0x1000;
    EXPECT_EQ(tries(5, 0xfff), (std::vector<std::uint64_t>{0x1000}));
    EXPECT_EQ(tries(5, 0x1000), (std::vector<std::uint64_t>{0x1000, 0x1002}));
}

TEST_F(resync, never_reaches_the_value_that_blocks_a_card) {
    request.leap_max = limits::counter_leap_max;
    const auto all = tries(codec::counter_max - 6, codec::counter_max);
    EXPECT_EQ(all,
              (std::vector<std::uint64_t>{codec::counter_max - 5, codec::counter_max - 3, codec::counter_max - 1}));
    EXPECT_EQ(work->answer().what, outcome::failed);
}

TEST_F(resync, silence_leaves_the_card_where_it_is) {
    tries(0, 20);
    EXPECT_EQ(work->silence(), step::end);
}

TEST(counter_hint, is_given_for_refused_counters_only) {
    EXPECT_TRUE(counter_hint({cause_kind::por_status, 2, 0}));
    EXPECT_TRUE(counter_hint({cause_kind::por_status, 3, 1}));
    EXPECT_FALSE(counter_hint({cause_kind::por_status, 4, 0}));
    EXPECT_FALSE(counter_hint({cause_kind::status_word, 2, 0}));
    EXPECT_FALSE(counter_hint({}));
}

}  // namespace
}  // namespace tessera::operations
