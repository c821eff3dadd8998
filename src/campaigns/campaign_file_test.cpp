#include "campaigns/campaign_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/hex.h"
#include "base/limits.h"

namespace tessera::campaigns {
namespace {

constexpr std::string_view good = R"([campaign]
name = "Roaming list"
[targets]
profile = "telco-2ff"
[security]
tar = "b00010"
spi = "1639"
kvn = 3
cc_len = 4
[[write]]
file = "/3F00/7F20/6F46"
content = "0154"
[[write]]
file = "7f10/6f3a"
record = 2
content = "ff"
[telecom]
smsc = "north"
por_timeout = "90s"
attempts = 5
parts_max = 2
)";

file_context context() {
    file_context made;
    made.file = "c.toml";
    made.profile_known = [](std::string_view name) -> result<bool> { return name == "telco-2ff"; };
    made.smsc_known = [](std::string_view name) { return name == "north" || name == "main"; };
    return made;
}

// `good` with one text put for another; then every mistake as "FILE:LINE message".
std::vector<std::string> mistakes(std::string_view what, std::string_view by) {
    std::string text(good);
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    text.replace(at, what.size(), by);
    const auto parsed = parse_campaign_file(text, context());
    std::vector<std::string> all;
    if (parsed) return all;
    for (const auto& one : parsed.error()) all.push_back(one.field + " " + one.message);
    return all;
}

void expect_one(std::string_view what, std::string_view by, std::string_view place, std::string_view word) {
    SCOPED_TRACE(std::string(by));
    const auto found = mistakes(what, by);
    ASSERT_EQ(found.size(), 1U) << (found.size() > 1 ? found[1] : "");
    EXPECT_TRUE(found[0].starts_with(place)) << found[0];
    EXPECT_NE(found[0].find(word), std::string::npos) << found[0];
}

TEST(campaign_file, reads_every_key) {
    const auto parsed = parse_campaign_file(good, context());
    ASSERT_TRUE(parsed.has_value()) << parsed.error().front().message;
    EXPECT_EQ(parsed->name, "Roaming list");
    EXPECT_EQ(parsed->targets.include.profile, "telco-2ff");
    EXPECT_EQ(operations::application_of(parsed->security.tar), 0xb00010U);
    EXPECT_EQ(parsed->security.spi.first, 0x16);
    EXPECT_EQ(parsed->security.spi.second, 0x39);
    EXPECT_EQ(parsed->security.key_version, 3);
    EXPECT_EQ(parsed->security.aes_checksum_octets, 4);
    ASSERT_EQ(parsed->writes.size(), 2U);
    EXPECT_EQ(parsed->writes[0].file, "7f20/6f46");
    EXPECT_EQ(parsed->writes[1].record, 2);
    EXPECT_EQ(telecom::describe(parsed->way.smscs), "north");
    EXPECT_EQ(parsed->por_timeout, std::chrono::seconds(90));
    EXPECT_EQ(parsed->attempts, 5);
    EXPECT_EQ(parsed->parts_max, 2U);
}

TEST(campaign_file, tells_each_mistake_with_its_line) {
    expect_one("name = \"Roaming list\"", "", "c.toml:1", "name: is missing");
    expect_one("name = \"Roaming list\"", "name = \"\"", "c.toml:2", "1 to 200");
    expect_one("name = \"Roaming list\"", "name = \"x\"\nnote = 1", "c.toml:3", "unknown key \"note\"");
    expect_one("[campaign]", "x = 1\n[campaign]", "c.toml:1", "unknown key \"x\"");
    expect_one("tar = \"b00010\"", "tar = \"b0001\"", "c.toml:6", "tar");
    expect_one("tar = \"b00010\"", "tar = \"b0001g\"", "c.toml:6", "tar");
    expect_one("kvn = 3", "kvn = 16", "c.toml:8", "1 to 15");
    expect_one("cc_len = 4", "cc_len = 5", "c.toml:9", "4 or 8");
    expect_one("/3F00/7F20/6F46", "7f2", "c.toml:11", "file");
    expect_one("content = \"0154\"", "content = \"015\"", "c.toml:12", "content");
    expect_one("content = \"0154\"", "content = \"\"", "c.toml:12", "1 to");
    expect_one("content = \"0154\"", "", "c.toml:10", "content: is missing");
    expect_one("record = 2", "record = 255", "c.toml:15", "1 to 254");
    expect_one("\"north\"", "\"south\"", "c.toml:18", "no [[smsc]] named");
    expect_one("\"90s\"", "\"90 seconds\"", "c.toml:19", "por_timeout");
    expect_one("\"90s\"", "\"0s\"", "c.toml:19", "too short");
    expect_one("attempts = 5", "attempts = 0", "c.toml:20", "1 to 20");
    expect_one("parts_max = 2", "parts_max = \"2\"", "c.toml:21", "number");
    expect_one("file = \"7f10/6f3a\"\nrecord = 2", "file = \"7f20/6f46\"", "c.toml:13", "written twice");
}

TEST(campaign_file, takes_files_by_name_and_value) {
    const auto written = [](std::string_view write) {
        std::string text(good);
        const auto from = text.find("file = \"/3F00"), to = text.find("[telecom]");
        text.replace(from, to - from, std::string(write) + "\n");
        const auto parsed = parse_campaign_file(text, context());
        EXPECT_TRUE(parsed.has_value()) << parsed.error().front().message;
        if (!parsed) return std::string();
        const auto& one = parsed->writes.at(0);
        return one.file + " " + std::to_string(one.record) + " " + to_hex(one.content);
    };
    EXPECT_EQ(written("file = \"SPN\"\nvalue = {display = \"Tessera\", flags = 1}"),
              "7fff/6f46 0 0154657373657261ffffffffffffffffff");
    EXPECT_EQ(written("file = \"gsm/EF_SPN\"\ncontent = \"0154\""), "7f20/6f46 0 0154");
    EXPECT_EQ(written("file = \"7f206f46\"\nvalue = {display = \"Tessera\"}"),
              "7f20/6f46 0 0054657373657261ffffffffffffffffff");
    EXPECT_EQ(written("file = \"OPLMNwAcT\"\nlength = 10\nvalue = [\n  \"26202:eutran,geran\",\n]"),
              "7fff/6f61 0 62f2204080ffffff0000");
    EXPECT_EQ(written("file = \"HPPLMN\"\nvalue = 30"), "7fff/6f31 0 05");
    EXPECT_EQ(written("file = \"SMSS\"\nvalue = {last_reference = 255, memory_exceeded = true}"), "7fff/6f43 0 fffe");
    EXPECT_EQ(written("file = \"MSISDN\"\nrecord = 1\nlength = 14\nvalue = {number = \"+491721217212\"}"),
              "7fff/6f40 1 0791947112122721ffffffffffff");
    EXPECT_EQ(written("file = \"SPN\"\n[write.value]\ndisplay = \"Tessera\"\nflags = 1"),
              "7fff/6f46 0 0154657373657261ffffffffffffffffff");
}

TEST(campaign_file, tells_where_a_value_is_wrong) {
    const auto expect = [](std::string_view write, std::string_view place, std::string_view word) {
        expect_one("file = \"/3F00/7F20/6F46\"\ncontent = \"0154\"", write, place, word);
    };
    expect("file = \"SPN\"\nvalue = {display = 5}", "c.toml:12", "value.display: expected a text");
    expect("file = \"SPN\"\nvalue = {flags = 1}", "c.toml:12", "value.display: is missing");
    expect("file = \"SPN\"\n[write.value]\ndisplay = \"x\"\nflags = 9", "c.toml:14", "value.flags: expected a number");
    expect("file = \"FPLMN\"\nvalue = [\n\"26202\",\n\"2620\",\n]", "c.toml:14", "value[1]: expected a network");
    expect("file = \"FPLMN\"\nvalue = [\n\"26202\",\n2.5,\n]", "c.toml:14", "value[1]: expected a text, a whole");
    expect("file = \"ACC\"\nvalue = [[[[[[[[[[1]]]]]]]]]]", "c.toml:12", "expected a text, a whole number");
    expect("file = \"SPNX\"\nvalue = 1", "c.toml:11", "file: is no file that `tessera ef list` names");
    expect("file = \"7f20/6f99\"\nvalue = 1", "c.toml:12", "nothing is known of 7f20/6f99");
    expect("file = \"SPN\"", "c.toml:10", "content: is missing, and value too");
    expect("file = \"SPN\"\ncontent = \"01\"\nvalue = {display = \"x\"}", "c.toml:10", "exactly one");
    expect("file = \"SPN\"\ncontent = \"01\"\nlength = 17", "c.toml:13", "length: goes with value only");
    expect("file = \"SPN\"\nvalue = {display = \"x\"}\nlength = 18", "c.toml:13", "length: SPN has 17 octets");
    expect("file = \"SPN\"\nvalue = {display = \"x\"}\nlength = 0", "c.toml:13", "length: expected a number");
    expect("file = \"SPN\"\nvalue = {display = \"x\"}\nrecord = 1", "c.toml:10", "record: SPN has no records");
    expect("file = \"MSISDN\"\nvalue = {number = \"1\"}", "c.toml:10", "record: is missing; MSISDN consists of");
    expect("file = \"IMSI\"\nvalue = \"262011106487504\"", "c.toml:12", "not written by value");
    expect("file = \"telecom/ADN\"\nrecord = 2\nvalue = {}", "c.toml:14", "7f10/6f3a is written twice");
}

TEST(campaign_file, refuses_what_a_campaign_cannot_do_without) {
    expect_one("\"1639\"", "\"0639\"", "c.toml:7", "check the counter");
    expect_one("\"1639\"", "\"0e39\"", "c.toml:7", "check the counter");
    expect_one("\"1639\"", "\"1638\"", "c.toml:7", "proof of receipt always");
    expect_one("\"1639\"", "\"163a\"", "c.toml:7", "proof of receipt always");
    expect_one("\"1639\"", "\"1739\"", "c.toml:7", "digital signatures");
    expect_one("\"1639\"", "\"163d\"", "c.toml:7", "digital signatures");
    expect_one("\"1639\"", "\"3639\"", "c.toml:7", "reserved bits");
}

TEST(campaign_file, refuses_more_packets_than_a_card_is_to_take) {
    const std::string longest(2 * limits::file_content_octets, '5');
    for (const auto& [parts, fits] : {std::pair{"1", false}, std::pair{"5", true}}) {
        std::string text(good);
        text.replace(text.find("0154"), 4, longest);
        text.replace(text.find("parts_max = 2") + 12, 1, parts);
        const auto parsed = parse_campaign_file(text, context());
        EXPECT_EQ(parsed.has_value(), fits) << parts;
        if (parsed) continue;
        ASSERT_EQ(parsed.error().size(), 1U);
        EXPECT_NE(parsed.error()[0].message.find("packets a card"), std::string::npos) << parsed.error()[0].message;
    }
}

TEST(campaign_file, tells_all_mistakes_at_once_in_order_of_line) {
    const auto parsed = parse_campaign_file("[telecom]\nattempts = 99\n[campaign]\nname = 1\n", context());
    ASSERT_FALSE(parsed.has_value());
    std::vector<std::string> places;
    for (const auto& one : parsed.error()) places.push_back(one.field);
    // [targets], [security] and [[write]] are missing, which the first line tells.
    EXPECT_EQ(std::ranges::count(places, "c.toml:1"), 3);
    EXPECT_EQ(places[3], "c.toml:2");
    EXPECT_EQ(places[4], "c.toml:4");
    EXPECT_FALSE(parse_campaign_file("[campaign", context()).has_value());
    EXPECT_FALSE(parse_campaign_file("", context()).has_value());
}

// toml++ asserts on these; they are mistakes with a line like all others.
TEST(campaign_file, tells_the_line_of_what_is_no_toml_at_all) {
    for (const std::string text :
         {"a=[}", "a = [}", "a={b=[}", "a=[[}]", "a=[}]", "[", "[.", "[[[a", "[]", "[ [a", "[="}) {
        const auto parsed = parse_campaign_file(std::string(good) + "# more\n" + text + "\n", context());
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().front().field, "c.toml:23") << text;
    }
    EXPECT_EQ(parse_campaign_file("x=[\n}\n]", context()).error().front().field, "c.toml:2");
    EXPECT_TRUE(parse_campaign_file("\xef\xbb\xbf" + std::string(good), context()).has_value());
}

}  // namespace
}  // namespace tessera::campaigns
