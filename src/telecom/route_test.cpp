#include "telecom/route.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

namespace tessera::telecom {
namespace {

class route_test : public testing::Test {
protected:
    smsc_settings& add(const std::string& name, std::vector<std::string> prefixes = {}, int priority = 5,
                       std::uint32_t weight = 1) {
        auto& made = all.emplace_back();
        made.name = name;
        made.prefixes = std::move(prefixes);
        made.priority = priority;
        made.weight = weight;
        return made;
    }
    // Names, best first.
    std::string ways(subscriber_number subscriber) {
        std::vector<const smsc_settings*> list;
        for (const auto& one : all) list.push_back(&one);
        const route_table table(list);
        route_table::choice room;
        std::string text;
        for (const auto place : table.candidates(subscriber, room))
            text += (text.empty() ? "" : " ") + table.at(place).name;
        return text;
    }
    std::deque<smsc_settings> all;
};

TEST_F(route_test, the_longest_prefix_wins_and_shorter_ones_stand_by) {
    add("world");
    add("germany", {"49", "43"});
    add("mobile", {"4917", "4916"});
    EXPECT_EQ(ways(491701234567), "mobile germany world");
    EXPECT_EQ(ways(49891234567), "germany world");
    EXPECT_EQ(ways(43), "germany world");
    EXPECT_EQ(ways(882390000001), "world");
    EXPECT_EQ(ways(4), "world");
}

TEST_F(route_test, an_smsc_that_does_not_reach_a_subscriber_is_never_used_for_it) {
    add("germany", {"49"});
    add("austria", {"43"});
    EXPECT_EQ(ways(491701234567), "germany");
    EXPECT_EQ(ways(33612345678), "");
}

TEST_F(route_test, of_equal_prefixes_the_lower_priority_number_goes_first) {
    add("backup", {"49"}, 9);
    add("first", {"49"}, 1);
    add("second", {"49"}, 2);
    add("longer", {"4917"}, 9);
    EXPECT_EQ(ways(491701234567), "longer first second backup");
}

TEST_F(route_test, equals_share_the_subscribers_by_weight_and_each_keeps_its_own) {
    add("one", {}, 5, 1);
    add("three", {}, 5, 3);
    std::map<std::string, int> first;
    for (subscriber_number who = 882390000000; who < 882390004000; ++who) {
        const auto found = ways(who);
        ++first[found];
        ASSERT_EQ(ways(who), found);
    }
    EXPECT_EQ(first.size(), 2U);
    EXPECT_NEAR(first["one three"], 1'000, 150);
    EXPECT_NEAR(first["three one"], 3'000, 150);
}

TEST(route, auto_is_all_of_them) {
    EXPECT_EQ(route_by("auto").smscs.size(), 0U);
    EXPECT_EQ(route_by("north").smscs, std::vector<std::string>{"north"});
    EXPECT_EQ(describe(route_by("auto")), "auto");
    EXPECT_EQ(describe({{"north", "south"}}), "north, south");
}

}  // namespace
}  // namespace tessera::telecom
