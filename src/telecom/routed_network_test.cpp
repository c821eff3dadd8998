#include "telecom/routed_network.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "telecom/played_network.h"

namespace tessera::telecom {
namespace {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;

// Two SMSCs: "germany" for 49, "world" for everybody else, and for 49 if need be.
class routed_network_test : public testing::Test {
protected:
    routed_network_test() {
        germany.name = "germany";
        germany.prefixes = {"49"};
        germany.failover_after = world.failover_after = 10s;
        world.name = "world";
        net.emplace(
            route_table({&germany, &world}),
            [this](std::size_t, network_events& of) {
                auto made = std::make_unique<played_network>(of);
                links.push_back(made.get());
                return made;
            },
            clock, events);
        by_germany = links.at(0);
        by_world = links.at(1);
    }
    void open_both(std::size_t room) {
        net->open();
        by_germany->come_up(room);
        by_world->come_up(room);
        events.take();
    }
    bool submit(std::uint64_t token, subscriber_number subscriber) {
        const auto packet = "packet " + std::to_string(token);
        return net->submit({.subscriber = subscriber, .packet = as_bytes(packet), .token = token});
    }
    void pass(duration time) {
        clock.at += time;
        net->on_time();
    }
    static std::string sent(const played_network* by) {
        std::string all;
        for (const auto& one : by->submitted) all += (all.empty() ? "" : " ") + std::to_string(one.token);
        return all;
    }

    static constexpr subscriber_number german = 491701234567, foreign = 33612345678;
    smsc_settings germany, world;
    turned_clock clock;
    said_lines events;
    std::vector<played_network*> links;
    std::optional<routed_network> net;
    played_network* by_germany = nullptr;
    played_network* by_world = nullptr;
};

TEST_F(routed_network_test, each_subscriber_goes_by_its_prefix) {
    open_both(9);
    EXPECT_TRUE(submit(1, german) && submit(2, foreign) && submit(3, german));
    EXPECT_EQ(sent(by_germany), "1 3");
    EXPECT_EQ(sent(by_world), "2");
    by_germany->answer(2);
    by_world->answer(1);
    EXPECT_EQ(events.take(), (lines{"1 accepted", "3 accepted", "2 accepted"}));
}

TEST_F(routed_network_test, is_open_while_one_of_its_links_is) {
    net->open();
    EXPECT_FALSE(submit(1, german));
    by_world->come_up(1);
    EXPECT_EQ(events.take(), lines{"open"});
    by_germany->come_up(1);
    EXPECT_EQ(events.take(), lines{});
    by_world->go_down();
    EXPECT_EQ(events.take(), lines{});
    by_germany->go_down();
    EXPECT_EQ(events.take(), lines{"down"});
    by_world->come_up(1);
    EXPECT_EQ(events.take(), lines{"open"});
}

TEST_F(routed_network_test, a_slow_link_holds_the_others_back_only_when_its_queue_is_full) {
    open_both(0);
    by_world->room = 9;
    EXPECT_TRUE(submit(1, german) && submit(2, foreign) && submit(3, german) && submit(4, foreign));
    EXPECT_EQ(sent(by_world), "2 4");
    by_germany->answer(0);
    by_germany->room = 2;
    by_germany->events->on_writable();
    EXPECT_EQ(sent(by_germany), "1 3");
    EXPECT_EQ(by_germany->submitted[0].packet, "packet 1");  // its octets were kept

    std::uint64_t token = 100;
    while (submit(token, german)) ++token;
    EXPECT_EQ(token - 100, limits::routed_waiting);
    EXPECT_EQ(events.take(), lines{});
    by_germany->answer(2);  // too little to speak of
    EXPECT_EQ(events.take(), (lines{"1 accepted", "3 accepted"}));
    by_germany->room = limits::routed_waiting;
    by_germany->events->on_writable();
    EXPECT_EQ(events.take(), lines{"writable"});
}

TEST_F(routed_network_test, a_link_that_is_back_in_time_brings_what_waited_for_it) {
    open_both(9);
    by_germany->go_down();
    EXPECT_TRUE(submit(1, german));
    pass(9s);
    EXPECT_EQ(sent(by_world), "");
    by_germany->come_up(9);
    EXPECT_EQ(sent(by_germany), "1");
}

TEST_F(routed_network_test, a_link_down_for_too_long_is_done_without_until_it_is_back) {
    open_both(9);
    EXPECT_TRUE(submit(1, german));
    by_germany->go_down();
    EXPECT_EQ(events.take(), lines{"1 link_lost"});
    EXPECT_TRUE(submit(1, german));  // the same octets, which may have left
    EXPECT_TRUE(submit(2, german));
    pass(10s);
    EXPECT_EQ(sent(by_world), "1 2");
    EXPECT_EQ(by_world->submitted[0].packet, "packet 1");
    EXPECT_TRUE(submit(3, german));
    EXPECT_EQ(sent(by_world), "1 2 3");
    by_germany->come_up(9);
    EXPECT_TRUE(submit(4, german));
    EXPECT_EQ(sent(by_germany), "4");
}

TEST_F(routed_network_test, nobody_brings_what_only_the_lost_link_reaches_and_it_is_kept_for_it) {
    open_both(9);
    by_world->go_down();
    EXPECT_TRUE(submit(1, foreign));
    pass(1h);
    EXPECT_EQ(sent(by_germany), "");
    EXPECT_TRUE(submit(2, foreign));
    EXPECT_EQ(events.take(), lines{});
    by_world->come_up(9);
    EXPECT_EQ(sent(by_world), "1 2");
}

TEST_F(routed_network_test, an_smsc_that_refuses_the_bind_is_done_without_at_once_and_asked_again_later) {
    open_both(9);
    by_germany->go_down();
    EXPECT_TRUE(submit(1, german));
    by_germany->take_calls();
    by_germany->events->on_failed({"bind_refused", "germany", "password"});
    EXPECT_EQ(sent(by_world), "1");
    EXPECT_EQ(events.take(), lines{});
    pass(limits::routed_retry);
    EXPECT_EQ(by_germany->take_calls(), lines{"open"});
    pass(1s);
    EXPECT_EQ(by_germany->take_calls(), lines{});
    EXPECT_TRUE(submit(2, german));
    EXPECT_EQ(sent(by_world), "1 2");
    by_germany->come_up(9);
    EXPECT_TRUE(submit(3, german));
    EXPECT_EQ(sent(by_germany), "3");
}

TEST_F(routed_network_test, when_every_smsc_refuses_it_fails_and_owes_nobody_a_result) {
    open_both(0);
    EXPECT_TRUE(submit(1, german));
    by_germany->go_down();
    by_germany->events->on_failed({"bind_refused", "germany", "password"});
    by_world->go_down();
    EXPECT_EQ(events.take(), lines{"down"});
    by_world->events->on_failed({"bind_refused", "world", "password"});
    EXPECT_EQ(events.take(), (lines{"1 link_lost", "failed bind_refused"}));
    by_germany->take_calls();
    pass(limits::routed_retry);
    EXPECT_EQ(by_germany->take_calls(), lines{});  // nobody wants it any more
    open_both(1);
    EXPECT_TRUE(submit(1, german));
    EXPECT_EQ(sent(by_germany), "1");
}

TEST_F(routed_network_test, a_subscriber_whom_no_smsc_reaches_is_no_evidence_of_the_card) {
    world.prefixes = {"43"};
    open_both(9);
    EXPECT_TRUE(submit(1, foreign));
    EXPECT_EQ(events.take(), lines{});  // never from inside the call
    pass(0s);
    EXPECT_EQ(events.take(), lines{"1 exhausted"});
}

TEST_F(routed_network_test, what_comes_in_is_acknowledged_where_it_came_from) {
    open_both(9);
    by_germany->take_calls();
    by_world->take_calls();
    by_world->events->on_message({.handle = {3, 7}, .subscriber = foreign, .user_data = {}});
    by_germany->events->on_receipt({.handle = {3, 7}, .subscriber = german, .state = "DELIVRD"});
    EXPECT_EQ(events.take(), (lines{"message 33612345678", "receipt 491701234567"}));
    net->acknowledge(events.handles[0]);
    net->refuse(events.handles[1], 100);
    EXPECT_EQ(by_world->take_calls(), lines{"acknowledge 3/7"});
    EXPECT_EQ(by_germany->take_calls(), lines{"refuse 3/7 100"});
    net->acknowledge({~std::uint64_t{0}, 1});  // of no link at all
}

TEST_F(routed_network_test, close_waits_for_all_links_and_gives_back_what_waited) {
    open_both(0);
    EXPECT_TRUE(submit(1, german));
    net->close();
    by_germany->events->on_closed();
    EXPECT_EQ(events.take(), lines{});
    by_world->events->on_closed();
    EXPECT_EQ(events.take(), (lines{"1 link_lost", "closed"}));
    EXPECT_FALSE(submit(2, german));
    open_both(1);
    EXPECT_TRUE(submit(2, german));
    EXPECT_EQ(sent(by_germany), "2");
}

}  // namespace
}  // namespace tessera::telecom
