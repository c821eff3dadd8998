#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/hex.h"
#include "base/limits.h"
#include "campaigns/campaign_file.h"
#include "campaigns/packet_scripts.h"
#include "codec/test_cap.h"

namespace tessera::campaigns {
namespace {

constexpr std::string_view head =
    "[campaign]\nname = \"x\"\n[targets]\nall = true\n[security]\ntar = \"000000\"\nspi = \"1639\"\n";

class campaign_file_applications : public testing::Test {
protected:
    void SetUp() override {
        auto pattern = (std::filesystem::temp_directory_path() / "tessera-caps-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder = pattern;
        put("one.cap", codec::test_cap());
        put("two.cap", codec::test_cap({.applets = {"a0000006250101", "a0000006250102"}}));
        put("none.cap", codec::test_cap({.applets = {}}));
        put("bad.cap", bytes(10, 1));
        context.file = (folder / "c.toml").string();
        context.find_card = [](cards::identifier, std::string_view) { return std::nullopt; };
    }
    void TearDown() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    void put(const std::string& name, const bytes& octets) const {
        std::ofstream(folder / name, std::ios::binary)
            .write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
    }
    auto parse(const std::string& application) { return parse_campaign_file(std::string(head) + application, context); }
    std::string mistake(const std::string& application) {
        const auto parsed = parse(application);
        if (parsed) return "none";
        return parsed.error().front().field.substr(context.file.size() + 1) + " " + parsed.error().front().message;
    }
    std::filesystem::path folder;
    file_context context;
};

TEST_F(campaign_file_applications, the_only_applet_is_the_default) {
    const auto made = parse("[[application]]\naction = \"install\"\ncap = \"one.cap\"\n");
    ASSERT_TRUE(made) << to_string(made.error().front());
    ASSERT_EQ(made->applications.size(), 1U);
    const auto& action = made->applications[0];
    EXPECT_EQ(to_hex(action.load_file), "a00000062501");
    EXPECT_EQ(to_hex(action.module), "a0000006250101");
    EXPECT_EQ(action.instance, action.module);
    EXPECT_EQ(to_hex(action.parameters), "c900");
    EXPECT_EQ(to_hex(action.privileges), "00");
    EXPECT_EQ(to_hex(action.version), "0100");
    ASSERT_EQ(made->load_files.size(), 1U);
    EXPECT_EQ(made->load_files[0].name, "one.cap");
}

TEST_F(campaign_file_applications, what_was_read_is_kept_in_the_text) {
    const std::string text = std::string(head) +
                             "[[application]]\naction = \"install\"\ncap = \"one.cap\"\n[[application]]\naction = "
                             "\"load\"\ncap = \"none.cap\"\ndescriptor = true";
    const auto made = parse_campaign_file(text, context);
    ASSERT_TRUE(made) << to_string(made.error().front());
    const auto whole = with_load_files(text, made->load_files);
    std::filesystem::remove_all(folder);
    context.find_card = {};
    const auto again = parse_campaign_file(whole, context);
    ASSERT_TRUE(again) << to_string(again.error().front());
    ASSERT_EQ(again->applications.size(), 2U);
    EXPECT_EQ(again->applications[0].components, made->applications[0].components);
    EXPECT_EQ(again->applications[1].components, made->applications[1].components);
    EXPECT_TRUE(again->load_files.empty());
    const auto next = follow_up_file(whole, "next", "an id", {operations::outcome::unknown});
    ASSERT_TRUE(next);
    EXPECT_EQ(next->find("one.cap") != std::string::npos, true);
}

TEST_F(campaign_file_applications, mistakes_have_their_line) {
    const std::string install = "[[application]]\naction = \"install\"\n";
    EXPECT_EQ(mistake(install + "cap = \"none.cap\"\n"),
              "8 module: is missing; the CAP file has no applets, since it is a library: load it");
    EXPECT_EQ(mistake(install + "cap = \"two.cap\"\n"),
              "8 module: is missing; the CAP file has a0000006250101, a0000006250102");
    EXPECT_EQ(mistake(install + "cap = \"one.cap\"\nmodule = \"a0000006250109\"\n"),
              "11 module: the CAP file has no such applet; it has a0000006250101");
    EXPECT_EQ(mistake(install + "cap = \"missing.cap\"\n").substr(0, 8), "10 cap: ");
    EXPECT_EQ(mistake(install + "cap = \"bad.cap\"\n").substr(0, 39), "10 cap: this is no zip archive that can");
    EXPECT_EQ(mistake(install + "cap = \"one.cap\"\nprivileges = \"0000\"\n"), "11 privileges: expected 1 or 3 octets");
    EXPECT_EQ(mistake(install + "cap = \"one.cap\"\nparameters = \"ef00\"\n"),
              "11 parameters: expected TLVs, C9 among them: C900 for none");
    EXPECT_EQ(mistake(install + "cap = \"one.cap\"\ninstance = \"a000\"\n"), "11 instance: expected 5 to 16 octets");
    EXPECT_EQ(mistake(install + "cap = \"one.cap\"\naid = \"a000000000\"\n"), "11 aid: goes with action delete");
    EXPECT_EQ(mistake(install), "8 cap: is missing, and load_file too: one of them says what is installed");
    EXPECT_EQ(mistake("[[application]]\naction = \"remove\"\n"), "9 action: expected install, load or delete");
    EXPECT_EQ(mistake("[[application]]\naction = \"delete\"\n"),
              "8 aid: exactly one of aid and cap says what is deleted");
    EXPECT_EQ(mistake("[[application]]\naction = \"load\"\n"), "8 cap: is missing");
    EXPECT_EQ(mistake("[application]\naction = \"load\"\n"), "8 application: expected sections [[application]]");
    EXPECT_EQ(mistake(install + "cap = \"one.cap\"\n[[write]]\nfile = \"7f20/6f46\"\ncontent = \"00\"\n"),
              "11 write: a campaign has [[write]] or [[application]], not both");
}

TEST_F(campaign_file_applications, too_many_packets_are_refused_at_once) {
    put("large.cap", codec::test_cap({.method_octets = 60'000}));
    const auto found =
        mistake("[[application]]\naction = \"install\"\ncap = \"large.cap\"\n[telecom]\nparts_max = 1\n");
    EXPECT_NE(found.find("blocks of"), std::string::npos) << found;
    put("middle.cap", codec::test_cap({.method_octets = 25'000}));
    const auto other =
        mistake("[[application]]\naction = \"install\"\ncap = \"middle.cap\"\n[telecom]\nparts_max = 1\n");
    EXPECT_NE(other.find("blocks of"), std::string::npos) << other;
    put("right.cap", codec::test_cap({.method_octets = 20'000}));
    const auto good = parse("[[application]]\naction = \"install\"\ncap = \"right.cap\"\n");
    ASSERT_TRUE(good);
    const auto scripts = scripts_of(*good).value();
    EXPECT_LT(scripts.first.size(), 45U);
    for (const auto& one : scripts.first) EXPECT_LE(one.octets.size(), operations::script_octets_max(5));
}

TEST_F(campaign_file_applications, format_and_chaining_stand_in_security) {
    const auto text = [](std::string_view security) {
        return "[campaign]\nname = \"x\"\n[targets]\nall = true\n[security]\ntar = \"b00010\"\nspi = \"1639\"\n" +
               std::string(security) + "[[write]]\nfile = \"7f20/6f46\"\ncontent = \"0154\"\n";
    };
    const auto expanded = parse_campaign_file(text("format = \"expanded\"\n"), context);
    ASSERT_TRUE(expanded);
    EXPECT_EQ(to_hex(scripts_of(*expanded)->first[0].octets),
              "aa14"
              "220900a4080c047f206f46"
              "220700d60000020154");
    EXPECT_TRUE(parse_campaign_file(text("format = \"expanded\"\nchaining = true\n"), context)->chaining);
    EXPECT_FALSE(parse_campaign_file(text("format = \"other\"\n"), context));
    // A record that just fits a compact packet has no room for what the expanded format adds.
    const auto record = [](std::string_view format) {
        return "[campaign]\nname = \"x\"\n[targets]\nall = true\n[security]\ntar = \"b00010\"\nspi = \"1639\"\n" +
               std::string(format) + "[[write]]\nfile = \"7f10/6f3a\"\nrecord = 1\ncontent = \"" +
               std::string(2 * 80, '0') + "\"\n[telecom]\nparts_max = 1\n";
    };
    EXPECT_TRUE(parse_campaign_file(record(""), context));
    EXPECT_FALSE(parse_campaign_file(record("format = \"expanded\"\n"), context));
    EXPECT_FALSE(parse_campaign_file(text("chaining = true\n"), context));
}

}  // namespace
}  // namespace tessera::campaigns
