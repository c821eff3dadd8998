#include <gtest/gtest.h>

#include "campaigns/campaign_file.h"

namespace tessera::campaigns {
namespace {

// `security` and `key` stand in their sections; every mistake as "LINE message", or what the campaign says.
std::string read(std::string_view security, std::string_view key) {
    file_context context;
    context.file = "c.toml";
    const auto parsed = parse_campaign_file(
        "[campaign]\nname = \"x\"\n[targets]\nall = true\n[security]\ntar = \"000000\"\nspi = \"1639\"\n" +
            std::string(security) + "[[key]]\n" + std::string(key),
        context);
    if (!parsed) return parsed.error().front().field.substr(7) + " " + parsed.error().front().message;
    if (!parsed->rotation) return "no rotation";
    return std::to_string(parsed->rotation->replaced) + " by " + std::to_string(parsed->rotation->version) + " " +
           std::string(crypto::to_string(parsed->rotation->algorithm)) + (parsed->rotation->keeps_old ? " kept" : "") +
           ", spoken by " + std::to_string(parsed->security.key_version);
}

constexpr std::string_view good = "kvn = 3\nnew_kvn = 4\nalgorithm = \"aes128\"\n";

TEST(campaign_file_keys, says_which_key_set_is_replaced_by_which) {
    EXPECT_EQ(read("", good), "3 by 4 aes128, spoken by 3");
    EXPECT_EQ(read("kvn = 3\n", good), "3 by 4 aes128, spoken by 3");
    EXPECT_EQ(read("", "kvn = 1\nnew_kvn = 2\nalgorithm = \"3des2\"\nkeep_old = true\n"),
              "1 by 2 3des2 kept, spoken by 1");
}

TEST(campaign_file_keys, mistakes_have_their_line) {
    EXPECT_EQ(read("kvn = 2\n", good),
              "10 kvn: [security] speaks by version 2; the key set that is replaced is the one by which the campaign "
              "speaks");
    EXPECT_EQ(read("", "kvn = 3\nnew_kvn = 3\nalgorithm = \"aes128\"\n").substr(0, 32),
              "10 new_kvn: must differ from kvn");
    EXPECT_EQ(read("", "kvn = 3\nnew_kvn = 16\nalgorithm = \"aes128\"\n"),
              "10 new_kvn: expected a number from 1 to 15");
    EXPECT_EQ(read("", "kvn = 3\nnew_kvn = 4\nalgorithm = \"des\"\n"),
              "11 algorithm: expected 3des2, 3des3, aes128, aes192 or aes256");
    EXPECT_EQ(read("", "new_kvn = 4\nalgorithm = \"aes128\"\n"), "8 kvn: is missing");
    EXPECT_EQ(read("", std::string(good) + "[[key]]\n" + std::string(good)), "8 key: expected one section [[key]]");
    EXPECT_EQ(read("", std::string(good) + "[[write]]\nfile = \"7f20/6f46\"\ncontent = \"00\"\n"),
              "12 write: does not go with [[key]] in one campaign");
    EXPECT_EQ(read("", "kvn = 3\nnew_kvn = 4\nalgorithm = \"aes256\"\n[telecom]\nparts_max = 1\n").substr(0, 32),
              "8 parts_max: PUT KEY does not fi");
}

TEST(campaign_file_keys, no_version_means_each_cards_own) {
    const auto text = [](std::string_view kvn) {
        return "[campaign]\nname = \"x\"\n[targets]\nall = true\n[security]\ntar = \"b00010\"\nspi = \"1639\"\n" +
               std::string(kvn) + "[[write]]\nfile = \"7f20/6f46\"\ncontent = \"0154\"\n";
    };
    EXPECT_TRUE(parse_campaign_file(text(""), {})->current_key_set);
    EXPECT_TRUE(parse_campaign_file(text("kvn = \"current\"\n"), {})->current_key_set);
    EXPECT_FALSE(parse_campaign_file(text("kvn = 1\n"), {})->current_key_set);
    EXPECT_FALSE(parse_campaign_file(text("kvn = \"newest\"\n"), {}));
}

}  // namespace
}  // namespace tessera::campaigns
