#include <gtest/gtest.h>

#include "base/hex.h"
#include "campaigns/campaign_file.h"

namespace tessera::campaigns {
namespace {

std::string file_with(const std::string& sections, const std::string& campaign = "") {
    return "[campaign]\nname = \"a\"\n" + campaign +
           "[targets]\nall = true\n[security]\ntar = \"b00010\"\nspi = \"1639\"\n" + sections;
}
std::expected<definition, std::vector<error>> parsed(const std::string& text) {
    file_context context;
    context.file = "f";
    return parse_campaign_file(text, context);
}
std::string problem_of(const std::string& text) {
    const auto made = parsed(text);
    if (made) return "";
    return made.error().front().field + ": " + made.error().front().message;
}

TEST(campaign_file_reads, an_audit_names_files_lengths_and_expectations) {
    const auto made =
        parsed(file_with("[[read]]\nfile = \"SPN\"\nexpect = {display = \"Tessera\", flags = 1}\n"
                         "[[read]]\nfile = \"7f20/6f99\"\nlength = 400\nexpect = \"0102\"\n"
                         "[[read]]\nfile = \"FDN\"\nrecord = 3\n"));
    ASSERT_TRUE(made) << to_string(made.error().front());
    ASSERT_TRUE(made->is_audit());
    ASSERT_EQ(made->reads.size(), 3U);
    EXPECT_EQ(made->reads[0].file, "7fff/6f46");
    EXPECT_EQ(to_hex(*made->reads[0].expected), "0154657373657261ffffffffffffffffff");
    EXPECT_EQ(made->reads[1].length, 400U);
    EXPECT_EQ(to_hex(*made->reads[1].expected), "0102");
    EXPECT_EQ(made->reads[2].record, 3);
    EXPECT_FALSE(made->reads[2].expected);
}

TEST(campaign_file_reads, mistakes_are_told_with_their_line) {
    const std::string spn = "[[read]]\nfile = \"SPN\"\n";
    EXPECT_NE(problem_of(file_with(spn + "[[write]]\nfile = \"SPN\"\ncontent = \"00\"\n")).find("does not write"),
              std::string::npos);
    for (const auto& [text, said] : std::initializer_list<std::pair<std::string, std::string>>{
             {file_with("", "kind = \"audit\"\n"), "f:1: at least one [[read]]"},
             {file_with(spn, "kind = \"survey\"\n"), "kind: expected"},
             {file_with(spn, "kind = \"write\"\n"), "f:3: kind"},
             {file_with(spn + "content = \"00\"\n"), "f:10: unknown key"},
             {file_with(spn + "record = 1\n"), "has no records"},
             {file_with("[[read]]\nfile = \"FDN\"\n"), "consists of records"},
             {file_with(spn + spn), "read twice"},
             {file_with(spn + "length = 0\n"), "f:10: length"},
             {file_with(spn + "expect = \"\"\n"), "expect: takes 0"},
             {file_with(spn + "expect = {display = 5}\n"), "expect: "},
             {file_with("[[read]]\nfile = \"7f20/6f99\"\nexpect = 5\n"), "nothing is known"},
             {file_with("[[read]]\nfile = \"7f20/6f99\"\nexpect = \"0g\"\n"), "f:10: expect"},
             {file_with("[[read]]\nfile = \"7f20/6f99\"\nlength = 1\nexpect = \"0102\"\n"), "expect: takes 2"}}) {
        EXPECT_NE(problem_of(text).find(said), std::string::npos) << problem_of(text) << " for\n" << text;
    }
}

}  // namespace
}  // namespace tessera::campaigns
