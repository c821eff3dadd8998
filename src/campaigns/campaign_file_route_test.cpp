#include <gtest/gtest.h>

#include "campaigns/campaign_file.h"

namespace tessera::campaigns {
namespace {

std::expected<definition, std::vector<error>> parsed(const std::string& telecom) {
    const std::string text =
        "[campaign]\nname = \"x\"\n[targets]\nall = true\n[security]\ntar = \"b00010\"\nspi = \"1639\"\n"
        "[[write]]\nfile = \"7f20/6f46\"\ncontent = \"0154\"\n[telecom]\n" +
        telecom + "\n";
    file_context context;
    context.file = "c.toml";
    context.smsc_known = [](std::string_view name) { return name == "main" || name == "north" || name == "south"; };
    return parse_campaign_file(text, context);
}

radio_way way(const std::string& telecom) {
    const auto made = parsed(telecom);
    EXPECT_TRUE(made.has_value()) << telecom << ": " << made.error().front().message;
    return made ? made->way : radio_way{};
}

using names = std::vector<std::string>;

TEST(campaign_file_route, one_smsc_all_of_them_or_some) {
    EXPECT_EQ(way("").smscs.smscs, names{"main"});
    EXPECT_EQ(way("smsc = \"north\"").smscs.smscs, names{"north"});
    EXPECT_EQ(way("smsc = \"auto\"").smscs.smscs, names{});
    EXPECT_EQ(way("smsc = [\"south\", \"north\"]").smscs.smscs, (names{"south", "north"}));
}

TEST(campaign_file_route, priority_is_1_to_9_and_the_lower_goes_first) {
    EXPECT_EQ(way("").rank(), telecom::link_rank::campaign);
    EXPECT_EQ(way("priority = 1").rank(), telecom::link_rank::first_campaign);
    EXPECT_EQ(way("priority = 9").rank(), telecom::link_rank::last_campaign);
    EXPECT_LT(way("priority = 2").rank(), way("priority = 3").rank());
}

TEST(campaign_file_route, tells_what_is_wrong_and_where) {
    for (const auto& [line, what] :
         {std::pair{"smsc = \"west\"", "no [[smsc]] named \"west\""},
          std::pair{"smsc = [\"north\", \"west\"]", "no [[smsc]] named \"west\""},
          std::pair{"smsc = [\"north\", \"north\"]", "named twice"},
          std::pair{"smsc = [\"north\", \"auto\"]", "stands alone"},
          std::pair{"smsc = [\"north\", 1]", "name of a [[smsc]]"}, std::pair{"smsc = []", "1 to 64"},
          std::pair{"smsc = 1", "a name in quotes"}, std::pair{"priority = 0", "from 1 to 9"},
          std::pair{"priority = 10", "from 1 to 9"}, std::pair{"priority = \"high\"", "from 1 to 9"}}) {
        const auto made = parsed(line);
        ASSERT_FALSE(made.has_value()) << line;
        ASSERT_EQ(made.error().size(), 1U) << line;
        EXPECT_EQ(made.error()[0].field, "c.toml:12") << line;
        EXPECT_NE(made.error()[0].message.find(what), std::string::npos) << made.error()[0].message;
    }
}

}  // namespace
}  // namespace tessera::campaigns
