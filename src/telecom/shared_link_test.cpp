#include "telecom/shared_link.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <utility>

#include "net/event_loop.h"

namespace tessera::telecom {
namespace {

// The link that is shared, played by the test: what was called, and room for so many submits.
class played_link final : public network {
public:
    explicit played_link(network_events& events) : events_(&events) {}
    void open() override { calls.emplace_back("open"); }
    bool submit(const outbound_message& message) override {
        if (room == 0) return false;
        --room;
        submitted.push_back({message.subscriber, message.token});
        return true;
    }
    void acknowledge(const inbound_handle& handle) override {
        calls.push_back("acknowledge " + std::to_string(handle.sequence));
    }
    void refuse(const inbound_handle& handle, std::uint32_t status) override {
        calls.push_back("refuse " + std::to_string(handle.sequence) + " " + std::to_string(status));
    }
    void close() override { calls.emplace_back("close"); }

    struct submit_call {
        subscriber_number subscriber;
        std::uint64_t token;
    };
    std::vector<std::string> take_calls() { return std::exchange(calls, {}); }
    // So many submits were answered: the oldest get their result, then there is room again.
    void answer(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const auto done = submitted.front();
            submitted.pop_front();
            events_->on_result(done.token, submit_result::accepted, 0);
        }
        room += count;
        events_->on_writable();
    }

    std::size_t room = 0;
    std::deque<submit_call> submitted;
    std::vector<std::string> calls;

private:
    network_events* events_;
};

// A user with messages to send: token 1, 2, 3 ... as long as it has any.
class user final : public network_events {
public:
    user(shared_link& link, link_rank rank, std::string name, std::vector<std::string>& log)
        : name_(std::move(name)), log_(&log), net(link.attach(rank, *this)) {}

    void on_open() override { said("open"), pump(); }
    void on_writable() override { pump(); }
    void on_result(std::uint64_t token, submit_result, std::uint32_t) override {
        said("result " + std::to_string(token));
    }
    void on_message(const inbound_message& message) override { said("message"), net->acknowledge(message.handle); }
    void on_receipt(const inbound_receipt& receipt) override { said("receipt"), net->acknowledge(receipt.handle); }
    bool awaits(subscriber_number subscriber) const override { return awaited.contains(subscriber); }
    void on_link_down(std::string_view) override { said("down"); }
    void on_closed() override { said("closed"); }
    void on_failed(const error& why) override { said("failed " + why.code); }

    void pump() {
        while (to_send > 0 && net->submit({.subscriber = 1, .packet = {}, .token = next_})) {
            said("sent " + std::to_string(next_++));
            --to_send;
        }
    }

    int to_send = 0;
    std::set<subscriber_number> awaited;

private:
    void said(const std::string& what) { log_->push_back(name_ + " " + what); }
    std::string name_;
    std::vector<std::string>* log_;
    std::uint64_t next_ = 1;

public:
    std::unique_ptr<network> net;
};

class shared_link_test : public testing::Test {
protected:
    std::unique_ptr<user> enter(link_rank rank, const std::string& name) {
        return std::make_unique<user>(shared, rank, name, log);
    }
    // Brings the link up, with so much room.
    void up(std::size_t room) {
        played->room = room;
        link_events->on_open();
    }
    std::vector<std::string> said() {
        loop.run();
        return std::exchange(log, {});
    }
    using lines = std::vector<std::string>;

    net::event_loop loop;
    played_link* played = nullptr;
    network_events* link_events = nullptr;
    std::vector<std::string> log;
    shared_link shared{loop, [this](network_events& events) {
                           auto made = std::make_unique<played_link>(events);
                           played = made.get();
                           link_events = &events;
                           return made;
                       }};
};

// --- who goes first

TEST_F(shared_link_test, tells_since_when_a_link_is_missing_that_somebody_wants) {
    EXPECT_FALSE(shared.down_since());
    const auto one = enter(link_rank::campaign, "one");
    one->net->open();
    EXPECT_TRUE(shared.down_since());
    up(1);
    EXPECT_FALSE(shared.down_since());
    link_events->on_link_down("reset");
    EXPECT_TRUE(shared.down_since());
    link_events->on_open();
    one->net->close();
    link_events->on_closed();
    EXPECT_FALSE(shared.down_since());
}

TEST_F(shared_link_test, single_operations_go_before_campaigns_and_these_by_their_priority) {
    const auto late = enter(link_rank::last_campaign, "late");
    const auto early = enter(link_rank::first_campaign, "early");
    const auto single = enter(link_rank::single_operations, "single");
    for (auto* one : {late.get(), early.get(), single.get()}) one->net->open();
    up(0);
    said();
    for (auto* one : {late.get(), early.get(), single.get()}) {
        one->to_send = 2;
        one->pump();
    }
    link_events->on_writable();
    EXPECT_EQ(said(), lines{});
    played->answer(0);
    played->room = 3;
    link_events->on_writable();
    EXPECT_EQ(said(), (lines{"single sent 1", "single sent 2", "early sent 1"}));
    played->room = 3;
    link_events->on_writable();
    EXPECT_EQ(said(), (lines{"early sent 2", "late sent 1", "late sent 2"}));
}

// A campaign that tries at any time must not take what a single operation waits for.
TEST_F(shared_link_test, room_that_somebody_waits_for_is_not_taken_by_who_comes_after_him) {
    const auto campaign = enter(link_rank::campaign, "campaign");
    const auto single = enter(link_rank::single_operations, "single");
    campaign->net->open();
    single->net->open();
    up(0);
    single->to_send = campaign->to_send = 1;
    single->pump();
    said();
    played->room = 1;
    campaign->pump();
    EXPECT_EQ(said(), lines{});
    link_events->on_writable();
    EXPECT_EQ(said(), lines{"single sent 1"});
    played->room = 1;
    link_events->on_writable();
    EXPECT_EQ(said(), lines{"campaign sent 1"});
}

TEST_F(shared_link_test, campaigns_of_equal_priority_take_turns) {
    const auto first = enter(link_rank::campaign, "first");
    const auto second = enter(link_rank::campaign, "second");
    const auto third = enter(link_rank::campaign, "third");
    for (auto* one : {first.get(), second.get(), third.get()}) {
        one->net->open();
        one->to_send = 100;
    }
    up(0);
    said();
    std::map<std::string, int> sent;
    for (int i = 0; i < 30; ++i) {
        played->room = 1;
        for (auto* one : {first.get(), second.get(), third.get()}) one->pump();  // as their ticks do
        link_events->on_writable();
        for (const auto& line : said()) ++sent[line.substr(0, line.find(' '))];
    }
    EXPECT_EQ(sent, (std::map<std::string, int>{{"first", 10}, {"second", 10}, {"third", 10}}));
}

TEST_F(shared_link_test, who_waited_and_left_holds_nobody_back) {
    const auto campaign = enter(link_rank::campaign, "campaign");
    auto single = enter(link_rank::single_operations, "single");
    campaign->net->open();
    single->net->open();
    up(0);
    single->to_send = 1;
    single->pump();
    single->net->close();
    campaign->to_send = 2;
    played->room = 1;
    said();
    campaign->pump();
    EXPECT_EQ(said(), lines{"campaign sent 1"});
    single.reset();
    played->room = 1;
    link_events->on_writable();
    EXPECT_EQ(said(), lines{"campaign sent 2"});
}

// --- what comes back

TEST_F(shared_link_test, results_go_to_who_submitted) {
    const auto one = enter(link_rank::campaign, "one");
    const auto other = enter(link_rank::campaign, "other");
    for (auto* each : {one.get(), other.get()}) {
        each->net->open();
        each->to_send = 2;
    }
    up(4);
    said();
    played->answer(4);
    EXPECT_EQ(said(), (lines{"one result 1", "one result 2", "other result 1", "other result 2"}));
}

TEST_F(shared_link_test, results_of_a_user_that_left_reach_nobody_else) {
    auto gone = enter(link_rank::campaign, "gone");
    const auto stays = enter(link_rank::single_operations, "stays");
    gone->net->open();
    stays->net->open();
    gone->to_send = 1;
    up(1);
    gone.reset();
    const auto next = enter(link_rank::campaign, "next");
    next->net->open();
    next->to_send = 1;
    said();
    played->answer(1);
    EXPECT_EQ(said(), lines{"next sent 1"});
    played->answer(1);
    EXPECT_EQ(said(), lines{"next result 1"});
}

TEST_F(shared_link_test, words_go_to_who_awaits_them_first_to_single_operations) {
    const auto exchange = enter(link_rank::campaign, "exchange");
    const auto other = enter(link_rank::last_campaign, "other");
    const auto single = enter(link_rank::single_operations, "single");
    for (auto* each : {exchange.get(), other.get(), single.get()}) each->net->open();
    up(0);
    exchange->awaited = {1};
    other->awaited = {2};
    single->awaited = {3, 1};
    said();
    const auto deliver = [&](subscriber_number from) {
        link_events->on_message({.handle = {1, 7}, .subscriber = from, .user_data = {}});
        return said();
    };
    EXPECT_EQ(deliver(1), lines{"single message"});
    EXPECT_EQ(deliver(2), lines{"other message"});
    EXPECT_EQ(deliver(3), lines{"single message"});
    EXPECT_EQ(deliver(4), lines{"exchange message"});  // kept as a stranger's
    exchange->net->close();
    other->net->close();
    said();
    EXPECT_EQ(deliver(4), lines{"single message"});
    link_events->on_receipt({.handle = {1, 8}, .subscriber = 2, .state = "DELIVRD"});
    EXPECT_EQ(said(), lines{"single receipt"});
}

TEST_F(shared_link_test, with_nobody_there_words_are_put_off_and_receipts_taken) {
    shared.keep_open();
    up(0);
    played->take_calls();
    link_events->on_message({.handle = {1, 7}, .subscriber = 1, .user_data = {}});
    link_events->on_receipt({.handle = {1, 8}, .subscriber = 1, .state = "DELIVRD"});
    EXPECT_EQ(played->take_calls(), (lines{"refuse 7 100", "acknowledge 8"}));
}

// --- up and down

TEST_F(shared_link_test, is_bound_while_somebody_uses_it) {
    const auto one = enter(link_rank::campaign, "one");
    const auto other = enter(link_rank::single_operations, "other");
    one->net->open();
    EXPECT_EQ(played->take_calls(), lines{"open"});
    up(0);
    other->net->open();
    EXPECT_EQ(said(), (lines{"one open", "other open"}));
    one->net->close();
    EXPECT_EQ(said(), lines{"one closed"});
    EXPECT_EQ(played->take_calls(), lines{});
    other->net->close();
    EXPECT_EQ(played->take_calls(), lines{"close"});
    EXPECT_EQ(said(), lines{});
    link_events->on_closed();
    EXPECT_EQ(said(), lines{"other closed"});
}

TEST_F(shared_link_test, opened_again_while_it_closes_it_binds_again_afterwards) {
    const auto one = enter(link_rank::campaign, "one");
    one->net->open();
    up(1);
    one->net->close();
    played->take_calls();
    one->net->open();
    one->to_send = 1;
    one->pump();  // into a link that is on its way down
    EXPECT_EQ(played->take_calls(), lines{});
    said();
    link_events->on_closed();
    EXPECT_EQ(played->take_calls(), lines{"open"});
    up(1);
    EXPECT_EQ(said(), (lines{"one closed", "one open", "one sent 1"}));
}

TEST_F(shared_link_test, close_waits_for_nobody_and_is_called_back) {
    const auto one = enter(link_rank::campaign, "one");
    shared.keep_open();
    one->net->open();
    up(0);
    said();
    bool closed = false;
    one->net->close();
    EXPECT_EQ(said(), lines{"one closed"});
    played->take_calls();
    shared.close([&] { closed = true; });
    EXPECT_EQ(played->take_calls(), lines{"close"});
    link_events->on_closed();
    EXPECT_TRUE(closed);
}

TEST_F(shared_link_test, a_user_that_vanishes_takes_the_link_with_it_if_it_was_the_last) {
    auto one = enter(link_rank::campaign, "one");
    one->net->open();
    up(1);
    said();
    played->take_calls();
    one.reset();
    EXPECT_EQ(played->take_calls(), lines{"close"});
    link_events->on_closed();
    EXPECT_EQ(said(), lines{});
}

TEST_F(shared_link_test, a_link_that_goes_down_owes_nobody_a_word_until_it_is_up) {
    const auto one = enter(link_rank::campaign, "one");
    one->net->open();
    up(0);
    one->to_send = 1;
    one->pump();
    link_events->on_link_down("reset");
    EXPECT_EQ(said(), (lines{"one open", "one down"}));
    one->pump();
    EXPECT_EQ(said(), lines{});
    up(1);
    EXPECT_EQ(said(), (lines{"one open", "one sent 1"}));
}

TEST_F(shared_link_test, a_link_that_fails_tells_everybody_and_is_tried_again_by_the_next) {
    const auto one = enter(link_rank::campaign, "one");
    const auto other = enter(link_rank::single_operations, "other");
    one->net->open();
    other->net->open();
    played->take_calls();
    link_events->on_failed({"bind_refused", "main", "password"});
    EXPECT_EQ(said(), (lines{"one failed bind_refused", "other failed bind_refused"}));
    other->net->open();
    EXPECT_EQ(played->take_calls(), lines{"open"});
}

// What a card tells of itself is no answer to a packet, whoever awaits one.
TEST_F(shared_link_test, who_asks_first_has_what_is_his_and_the_others_the_rest) {
    const auto exchange = enter(link_rank::campaign, "exchange");
    exchange->net->open();
    exchange->awaited = {1};
    up(1);
    said();
    shared.ask_first([](const inbound_message& message) { return message.destination == "7001"; });
    link_events->on_message({.handle = {1, 7}, .subscriber = 1, .destination = "7001", .user_data = {}});
    EXPECT_EQ(said(), lines{});
    link_events->on_message({.handle = {1, 8}, .subscriber = 1, .destination = "1000", .user_data = {}});
    EXPECT_EQ(said(), lines{"exchange message"});
    played->take_calls();
    shared.acknowledge({1, 7});
    shared.refuse({1, 9}, 0x64);
    EXPECT_EQ(played->take_calls(), (lines{"acknowledge 7", "refuse 9 100"}));
    shared.ask_first({});
    link_events->on_message({.handle = {1, 7}, .subscriber = 1, .destination = "7001", .user_data = {}});
    EXPECT_EQ(said(), lines{"exchange message"});
}

}  // namespace
}  // namespace tessera::telecom
