#include "telecom/smsc_link.h"

#include <gtest/gtest.h>

#include "telecom/played_network.h"

namespace tessera::telecom {
namespace {

using lines = std::vector<std::string>;

class session_bundle_test : public testing::Test {
protected:
    void make(bind_mode bind, std::uint32_t sessions) {
        smsc_settings settings;
        settings.bind = bind;
        settings.sessions = sessions;
        link = make_session_bundle(
            settings,
            [this](session_kind kind, network_events& of) {
                auto made = std::make_unique<played_network>(of);
                all.push_back(made.get());
                kinds.push_back(kind);
                return made;
            },
            events);
        link->open();
    }
    // The n-th session of a kind.
    played_network& session(session_kind kind, std::size_t n = 0) {
        for (std::size_t i = 0; i < all.size(); ++i)
            if (kinds[i] == kind && n-- == 0) return *all[i];
        throw std::runtime_error("no such session");
    }
    bool submit(std::uint64_t token) { return link->submit({.subscriber = 1, .packet = {}, .token = token}); }

    said_lines events;
    std::unique_ptr<network> link;
    std::vector<played_network*> all;
    std::vector<session_kind> kinds;
};

TEST_F(session_bundle_test, a_pair_is_open_when_both_directions_are) {
    make(bind_mode::transmitter_receiver, 1);
    auto& transmitter = session(session_kind::transmitter);
    auto& receiver = session(session_kind::receiver);
    EXPECT_EQ(transmitter.take_calls(), lines{"open"});
    EXPECT_EQ(receiver.take_calls(), lines{"open"});
    transmitter.come_up(5);
    EXPECT_FALSE(submit(1));
    EXPECT_EQ(events.take(), lines{});
    receiver.come_up(5);
    EXPECT_EQ(events.take(), lines{"open"});
    EXPECT_TRUE(submit(1));
    EXPECT_EQ(transmitter.submitted.size(), 1U);
    EXPECT_EQ(receiver.submitted.size(), 0U);
}

TEST_F(session_bundle_test, nothing_is_sent_while_no_answer_can_come_and_results_come_all_the_same) {
    make(bind_mode::transmitter_receiver, 1);
    auto& transmitter = session(session_kind::transmitter);
    auto& receiver = session(session_kind::receiver);
    transmitter.come_up(5);
    receiver.come_up(5);
    EXPECT_TRUE(submit(1));
    receiver.go_down();
    EXPECT_EQ(events.take(), (lines{"open", "down"}));
    EXPECT_FALSE(submit(2));
    transmitter.answer(1);
    EXPECT_EQ(events.take(), lines{"1 accepted"});
    receiver.come_up(5);
    EXPECT_EQ(events.take(), lines{"open"});
}

TEST_F(session_bundle_test, several_sessions_are_filled_one_after_the_other) {
    make(bind_mode::transceiver, 3);
    for (auto* one : all) one->come_up(2);
    for (std::uint64_t token = 1; token <= 6; ++token) EXPECT_TRUE(submit(token));
    EXPECT_FALSE(submit(7));
    for (const auto* one : all) EXPECT_EQ(one->submitted.size(), 2U);
    all[1]->answer(1);
    EXPECT_TRUE(submit(7));
    EXPECT_EQ(all[1]->submitted.back().token, 7U);
}

TEST_F(session_bundle_test, one_session_of_several_may_be_lost) {
    make(bind_mode::transceiver, 2);
    for (auto* one : all) one->come_up(2);
    EXPECT_TRUE(submit(1) && submit(2) && submit(3));
    events.take();
    all[0]->go_down();
    EXPECT_EQ(events.take(), (lines{"1 link_lost", "2 link_lost"}));
    EXPECT_TRUE(submit(4));
    all[1]->go_down();
    EXPECT_EQ(events.take(), (lines{"3 link_lost", "4 link_lost", "down"}));
}

TEST_F(session_bundle_test, what_comes_in_is_acknowledged_on_its_session) {
    make(bind_mode::transceiver, 2);
    for (auto* one : all) {
        one->come_up(2);
        one->take_calls();
        one->events->on_message({.handle = {9, 4}, .subscriber = 1, .user_data = {}});
    }
    link->acknowledge(events.handles.at(1));
    EXPECT_EQ(all[0]->take_calls(), lines{});
    EXPECT_EQ(all[1]->take_calls(), lines{"acknowledge 9/4"});
    link->refuse(events.handles.at(0), 20);
    EXPECT_EQ(all[0]->take_calls(), lines{"refuse 9/4 20"});
    link->acknowledge({~std::uint64_t{0}, 1});  // of no session at all
}

TEST_F(session_bundle_test, closes_when_all_its_sessions_have) {
    make(bind_mode::transmitter_receiver, 1);
    for (auto* one : all) one->come_up(1);
    events.take();
    link->close();
    for (auto* one : all) EXPECT_EQ(one->take_calls().back(), "close");
    all[0]->events->on_closed();
    EXPECT_EQ(events.take(), lines{});
    all[1]->events->on_closed();
    EXPECT_EQ(events.take(), lines{"closed"});
    link->open();
    for (auto* one : all) EXPECT_EQ(one->take_calls(), lines{"open"});
}

TEST_F(session_bundle_test, fails_when_a_direction_is_refused_and_only_after_the_other_is_closed) {
    make(bind_mode::transmitter_receiver, 1);
    auto& transmitter = session(session_kind::transmitter);
    auto& receiver = session(session_kind::receiver);
    transmitter.come_up(5);
    receiver.events->on_failed({"bind_refused", "main", "no receivers here"});
    EXPECT_EQ(events.take(), lines{});
    EXPECT_EQ(transmitter.take_calls().back(), "close");
    transmitter.events->on_closed();
    receiver.events->on_closed();
    EXPECT_EQ(events.take(), lines{"failed bind_refused"});
    link->open();
    EXPECT_EQ(receiver.take_calls().back(), "open");
}

TEST_F(session_bundle_test, an_smsc_that_allows_fewer_sessions_is_used_with_those) {
    make(bind_mode::transceiver, 2);
    all[0]->come_up(1);
    all[1]->events->on_failed({"bind_refused", "main", "too many"});
    EXPECT_EQ(events.take(), lines{"open"});
    EXPECT_TRUE(submit(1));
    link->close();
    all[0]->events->on_closed();
    all[1]->events->on_closed();
    EXPECT_EQ(events.take(), lines{"closed"});
}

}  // namespace
}  // namespace tessera::telecom
