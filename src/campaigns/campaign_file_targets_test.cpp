// [targets] of a campaign file: every selector, every mistake with its line.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/limits.h"
#include "campaigns/campaign_file.h"

namespace tessera::campaigns {
namespace {

constexpr std::string_view known_iccid = "8949000000000000000";

file_context context(std::string file = "c.toml") {
    file_context made;
    made.file = std::move(file);
    made.profile_known = [](std::string_view name) -> result<bool> { return name == "telco-2ff"; };
    made.tag_known = [](std::string_view tag) -> result<bool> { return tag == "pilot" || tag == "night"; };
    made.find_card = [](cards::identifier which, std::string_view name) -> result<std::optional<cards::card_id>> {
        if (which == cards::identifier::iccid && name == known_iccid) return cards::card_id{7};
        if (which == cards::identifier::imsi && name == "001010000000001") return cards::card_id{5};
        if (which == cards::identifier::msisdn && name == "4915123456789") return cards::card_id{3};
        return std::nullopt;
    };
    made.find_campaign = [](std::string_view name) -> result<campaign_key> {
        if (name == "First") return campaign_key{4};
        return failure("not_found", "campaign", "there is none with the id or name \"" + std::string(name) + "\"");
    };
    return made;
}

// [targets] stands in line 3, its first key in line 4.
std::string text_with(std::string_view targets) {
    return "[campaign]\nname = \"Roaming list\"\n[targets]\n" + std::string(targets) +
           "\n[security]\ntar = \"b00010\"\nspi = \"1639\"\n[[write]]\nfile = \"7f20/6f46\"\ncontent = \"0154\"\n";
}

target_selection read(std::string_view targets, const file_context& how = context()) {
    const auto parsed = parse_campaign_file(text_with(targets), how);
    if (parsed) return parsed->targets;
    ADD_FAILURE() << targets << ": " << to_string(parsed.error().front());
    return {};
}

void expect_mistake(std::string_view targets, std::string_view place, std::string_view word) {
    SCOPED_TRACE(std::string(targets));
    const auto parsed = parse_campaign_file(text_with(targets), context());
    ASSERT_FALSE(parsed.has_value());
    ASSERT_EQ(parsed.error().size(), 1U) << parsed.error()[1].message;
    EXPECT_EQ(parsed.error()[0].field, "c.toml:" + std::string(place));
    EXPECT_NE(parsed.error()[0].message.find(word), std::string::npos) << parsed.error()[0].message;
}

TEST(campaign_file_targets, reads_every_selector) {
    const auto made = read(R"(profile = "telco-2ff"
iccids = ["8949000000000000000"]
imsis = ["001010000000001"]
msisdns = ["+4915123456789"]
iccid_range = ["8949000000000000000", "8949000000000000099"]
imsi_range = ["001010000000000", "001010000000009"]
msisdn_range = ["4915100000000", "4915199999999"]
tag = ["pilot", "night"]
campaign = "First"
outcome = ["unknown", "failed"]
image = ['file "7f20/6f46" != "0154"', 'file "/3F00/6F07" missing', 'file "6f3a" record 2 == "ff"']
[targets.exclude]
profile = "unheard of"
tag = "blocked"
image = 'file "7f20/6f46" == "01"')");
    const auto& in = made.include;
    EXPECT_EQ(in.profile, "telco-2ff");
    const std::vector<std::vector<cards::card_id>> lists{{cards::card_id{7}}, {cards::card_id{5}}, {cards::card_id{3}}};
    EXPECT_EQ(in.lists, lists);
    EXPECT_EQ(in.iccid_range->second, "8949000000000000099");
    EXPECT_EQ(in.imsi_range->first, "001010000000000");
    EXPECT_EQ(in.msisdn_range->second, 4915199999999U);
    EXPECT_EQ(in.tags, (std::vector<std::string>{"pilot", "night"}));
    EXPECT_EQ(in.earlier->campaign, campaign_key{4});
    EXPECT_EQ(in.earlier->outcomes, (std::vector{operations::outcome::unknown, operations::outcome::failed}));
    ASSERT_EQ(in.image.size(), 3U);
    EXPECT_EQ(in.image[0].what, image_condition::relation::differs);
    EXPECT_EQ(in.image[1].file, "*/6f07");
    EXPECT_EQ(in.image[2].record, 2);
    EXPECT_EQ(made.exclude.profile, "unheard of");  // what nobody has excludes nobody
    EXPECT_EQ(made.exclude.tags, std::vector<std::string>{"blocked"});
    EXPECT_EQ(made.exclude.image.size(), 1U);
    EXPECT_FALSE(read("all = true").include.profile.has_value());
}

TEST(campaign_file_targets, tells_each_mistake_with_its_line) {
    expect_mistake("", "3", "at least one of profile");
    expect_mistake("[targets.exclude]\ntag = \"night\"", "3", "at least one of profile");
    expect_mistake("all = true\nprofile = \"telco-2ff\"", "4", "stands alone");
    expect_mistake("all = false", "4", "expected true");
    expect_mistake("profile = \"none\"", "4", "no card of the registry has profile");
    expect_mistake("tags = \"pilot\"\nall = true", "4", "unknown key \"tags\"");
    expect_mistake("all = true\n[targets.exclude]\nall = true", "6", "unknown key \"all\"");
    expect_mistake("all = true\n[targets.exclude]", "5", "excludes nothing");
    expect_mistake("all = true\nexclude = 1", "5", "exclude");
    expect_mistake("tag = \"Pilot\"", "4", "a-z");
    expect_mistake("tag = \"day\"", "4", "no card of the registry has tag \"day\"");
    expect_mistake("tag = []", "4", "text in quotes");
    expect_mistake("tag = [\"pilot\", 1]", "4", "text in quotes");
    expect_mistake("campaign = \"First\"", "4", "needs outcome");
    expect_mistake("outcome = \"failed\"", "4", "needs campaign");
    expect_mistake("campaign = \"Second\"\noutcome = \"failed\"", "4", "\"Second\"");
    expect_mistake("campaign = \"First\"\noutcome = [\"lost\"]", "5", "done, skipped, failed");
    expect_mistake("iccids = 8949", "4", "a file in quotes");
    expect_mistake("iccids = [\n\"8949000000000000000\",\n\"8949000000000000001\"]", "6", "Luhn");
    expect_mistake("iccids = [\"8949000000000000018\"]", "4", "the registry has no card 8949000000000000018");
    expect_mistake("imsis = [\"001010000000002\"]", "4", "imsis: the registry has no card 001010000000002");
    expect_mistake("msisdns = [\"0151\"]", "4", "msisdns: expected 5 to 15 digits");
    expect_mistake("msisdns = \"absent.txt\"", "4", "absent.txt cannot be opened");
}

TEST(campaign_file_targets, tells_mistakes_of_ranges_and_conditions) {
    expect_mistake("imsi_range = [\"001010000000002\", \"001010000000001\"]", "4", "the lower one first");
    expect_mistake("imsi_range = [\"001010000000002\"]", "4", "two IMSIs");
    expect_mistake("imsi_range = [\"00101x\", \"001019\"]", "4", "imsi_range");
    expect_mistake("iccid_range = [\"894900000000000000\", \"8949000000000000009\"]", "4", "one length");
    expect_mistake("iccid_range = [\"8949\", \"8950\"]", "4", "18 to 20 digits");
    expect_mistake("msisdn_range = [4915, 4916]", "4", "two MSISDNs in quotes");
    for (const auto* condition : {"", "6f46 == \\\"00\\\"", "file \\\"6f46\\\"", "file \\\"6f46\\\" = \\\"00\\\"",
                                  "file \\\"6f46\\\" missing now", "file 6f46 missing"})
        expect_mistake("image = \"" + std::string(condition) + "\"", "4", "expected file \"PATH\"");
    expect_mistake("image = 'file \"6f46'", "4", "quote is not closed");
    expect_mistake("image = 'file \"6f4\" missing'", "4", "image");
    expect_mistake("image = 'file \"6f46\" == \"0\"'", "4", "image");
    expect_mistake("image = 'file \"6f46\" == \"\"'", "4", "1 to");
    expect_mistake("image = 'file \"6f46\" record 255 missing'", "4", "1 to 254");
}

class target_list : public testing::Test {
protected:
    ~target_list() override { std::filesystem::remove_all(directory); }
    void put(std::string_view lines) const { std::ofstream(directory / "list.txt") << lines; }
    [[nodiscard]] file_context here() const { return context((directory / "c.toml").string()); }
    [[nodiscard]] std::vector<error> mistakes() const {
        const auto parsed = parse_campaign_file(text_with("iccids = \"list.txt\""), here());
        return parsed ? std::vector<error>{} : parsed.error();
    }
    static std::filesystem::path made_directory() {
        auto pattern = (std::filesystem::temp_directory_path() / "tessera-list-XXXXXX").string();
        return mkdtemp(pattern.data());
    }
    std::filesystem::path directory = made_directory();
};

TEST_F(target_list, is_read_line_by_line) {
    put("# cards\n8949000000000000000\r\n\n8949000000000000000");
    const std::vector<std::vector<cards::card_id>> once{{cards::card_id{7}}};
    EXPECT_EQ(read("iccids = \"list.txt\"", here()).include.lists, once);
}

TEST_F(target_list, names_its_bad_lines) {
    EXPECT_EQ(mistakes().size(), 1U);  // no such file
    put("8949000000000000000\n8949000000000000001\n8949000000000000018\n");
    const auto bad = mistakes();
    ASSERT_EQ(bad.size(), 2U);
    EXPECT_EQ(bad[0].field, (directory / "list.txt").string() + ":2");
    EXPECT_EQ(bad[1].field, (directory / "list.txt").string() + ":3");
    put("\n");
    ASSERT_EQ(mistakes().size(), 1U);
    EXPECT_NE(mistakes()[0].message.find("names no card"), std::string::npos);
    put(std::string(100'000, '8'));
    ASSERT_EQ(mistakes().size(), 1U);
    EXPECT_NE(mistakes()[0].message.find("lines of more than"), std::string::npos);
}

TEST_F(target_list, is_left_alone_when_the_targets_are_chosen_already) {
    file_context stored;
    stored.file = "campaign";
    const auto made = read("iccids = \"absent.txt\"\nimsis = [\"001010000000009\"]", stored);
    for (const auto& list : made.include.lists) EXPECT_TRUE(list.empty());  // and so it means nobody
}

TEST(campaign_file_follow_up, is_the_same_file_for_other_cards) {
    const std::string text =
        "# a remark\n[campaign]\nname = \"A \\\"list\\\"\"\n[targets]\nimsis = \"gone.txt\"\n[targets.exclude]\ntag = "
        "\"x\"\n[security]\ntar = \"b00010\"\nspi = \"1639\"\nkvn = 3\n[[write]]\nfile = \"7f20/6f46\"\ncontent = "
        "\"0154\"\n[[write]]\nfile = \"6f3a\"\nrecord = 2\ncontent = \"ff\"\n[telecom]\npor_timeout = \"90s\"\n";
    const auto made = follow_up_file(text, "B\xc3\xa9 \"'", "First", {operations::outcome::failed});
    ASSERT_TRUE(made.has_value()) << to_string(made.error());
    const auto parsed = parse_campaign_file(*made, context());
    ASSERT_TRUE(parsed.has_value()) << to_string(parsed.error().front()) << *made;
    EXPECT_EQ(parsed->name, "B\xc3\xa9 \"'");
    EXPECT_EQ(parsed->targets.include.earlier->campaign, campaign_key{4});
    EXPECT_EQ(parsed->targets.include.earlier->outcomes, std::vector{operations::outcome::failed});
    EXPECT_TRUE(parsed->targets.include.lists.empty());
    EXPECT_TRUE(parsed->targets.exclude.tags.empty());
    EXPECT_EQ(parsed->security.key_version, 3);
    ASSERT_EQ(parsed->writes.size(), 2U);
    EXPECT_EQ(parsed->writes[1].record, 2);
    EXPECT_EQ(parsed->por_timeout, std::chrono::seconds(90));
}

}  // namespace
}  // namespace tessera::campaigns
