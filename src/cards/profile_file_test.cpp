#include "cards/profile_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "cards/profile_store.h"
#include "cards/test_registry.h"

namespace tessera::cards {
namespace {

constexpr std::string_view whole = R"([[profile]]
name = "telco-2ff"
tars = {uicc = "B00000", usim = "b00140"}
minimum_spi = "1639"
algorithms = ["aes128", "3des2"]
parts_max = 5
longest_message = 600
quirks = ["replay_06", "cc_len=4"]

[[profile.batch]]
name = "2019"
iccid_range = ["8949000000000000000", "8949000000000000999"]
minimum_spi = "06"
quirks = {select = "by_fid", concatenated_por = false, cc_len = 8}

[[profile]]
name = "bare"
)";

TEST(profile_file, says_what_a_profile_can_and_takes) {
    const auto made = parse_profiles(whole, "p.toml");
    ASSERT_TRUE(made) << to_string(made.error().front());
    ASSERT_EQ(made->size(), 2U);
    const auto& first = made->front();
    EXPECT_EQ(first.facts.tar_of("usim"), 0xb00140U);
    EXPECT_EQ(first.facts.tar_of("sim"), std::nullopt);
    EXPECT_TRUE(first.facts.has_tar(0xb00000));
    EXPECT_EQ(first.facts.list_of_tars(), "uicc b00000, usim b00140");
    EXPECT_EQ(first.facts.minimum, (minimum_security{0x16, 0x39}));
    EXPECT_EQ(first.facts.longest_message, 600U);
    EXPECT_EQ(first.facts.quirks.replay_status, 0x06);
    EXPECT_EQ(first.facts.quirks.cc_len, 4);
    EXPECT_EQ((*made)[1], (profile_entry{"bare", {}, {}}));
}

TEST(profile_file, what_a_batch_says_goes_before_what_the_profile_says) {
    const auto made = parse_profiles(whole, "p.toml").value().front();
    EXPECT_EQ(made.batch_of("8949000000000001018"), nullptr);
    const auto* batch = made.batch_of("8949000000000000018");
    ASSERT_NE(batch, nullptr);
    const auto facts = made.facts_of(batch);
    EXPECT_EQ(facts.minimum, (minimum_security{0x06, std::nullopt}));
    EXPECT_EQ(facts.quirks.cc_len, 8);
    EXPECT_EQ(facts.quirks.select, select_method::by_fid);
    EXPECT_EQ(facts.quirks.concatenated_por, false);
    EXPECT_EQ(facts.quirks.replay_status, 0x06);
    EXPECT_EQ(facts.parts_max, 5U);
    EXPECT_EQ(facts.tars, made.facts.tars);
    EXPECT_EQ(made.facts_of(nullptr), made.facts);
}

TEST(profile_file, what_is_written_is_read_again) {
    const auto entries = parse_profiles(whole, "p.toml").value();
    for (const auto& entry : entries)
        EXPECT_EQ(parse_profiles(profile_text(entry), "again").value(), std::vector{entry});
    profile_entry odd{"a \"quoted\" \\ name", {}, {}};
    odd.facts.tars = {{"a.b", 1}, {"c-d", 2}};
    EXPECT_EQ(parse_profiles(profile_text(odd), "again").value().front(), odd);
}

TEST(profile_file, takes_the_minimum_field_by_field_too) {
    const auto minimum = [](std::string_view words) {
        const auto made =
            parse_profiles("[[profile]]\nname = \"p\"\nminimum_security = {" + std::string(words) + "}\n", "p");
        EXPECT_TRUE(made) << to_string(made.error().front());
        return made ? made->front().facts.minimum : std::nullopt;
    };
    EXPECT_EQ(minimum("ciphering = true, integrity = \"cc\", counter = \"higher\", por_ciphering = true, "
                      "por_integrity = \"cc\""),
              (minimum_security{0x16, 0x39}));
    EXPECT_EQ(minimum("integrity = \"rc\""), (minimum_security{0x01, std::nullopt}));
    EXPECT_EQ(minimum("counter = \"exactly one higher\", por_ciphering = false"), (minimum_security{0x18, 0x21}));
    EXPECT_FALSE(parse_profiles("[[profile]]\nname = \"p\"\nminimum_spi = \"16\"\nminimum_security = {}\n", "p"));
}

struct bad_line {
    const char* name;
    const char* line;
    const char* said;
};
class profile_mistake : public testing::TestWithParam<bad_line> {};
TEST_P(profile_mistake, is_told_with_its_line) {
    const auto made = parse_profiles("[[profile]]\nname = \"p\"\n" + std::string(GetParam().line) + "\n", "p.toml");
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().front().code, "bad_profile_file");
    EXPECT_EQ(made.error().front().field, "p.toml:3") << made.error().front().message;
    EXPECT_NE(made.error().front().message.find(GetParam().said), std::string::npos) << made.error().front().message;
}
INSTANTIATE_TEST_SUITE_P(
    all, profile_mistake,
    testing::Values(bad_line{"unknown_key", "colour = \"red\"", "unknown key \"colour\""},
                    bad_line{"short_tar", "tars = {usim = \"b0014\"}", "tars.usim: expected 6"},
                    bad_line{"tar_twice", "tars = {a = \"b00010\", b = \"B00010\"}", "another application"},
                    bad_line{"application_name", "tars = {\"u sim\" = \"b00140\"}", "name of an application"},
                    bad_line{"no_tars", "tars = {}", "tars: expected 1 to 64"},
                    bad_line{"algorithm", "algorithms = [\"rot13\"]", "expected des, 3des2"},
                    bad_line{"no_algorithms", "algorithms = []", "expected a list"},
                    bad_line{"spi_digits", "minimum_spi = \"163\"", "expected 4 hexadecimal digits"},
                    bad_line{"integrity", "minimum_security = {integrity = \"ds\"}", "expected one of: none, rc, cc"},
                    bad_line{"ciphering", "minimum_security = {ciphering = \"yes\"}", "expected true or false"},
                    bad_line{"spi_reserved", "minimum_spi = \"f639\"", "reserved bits"},
                    bad_line{"spi_signature", "minimum_spi = \"1739\"", "digital signatures"},
                    bad_line{"parts", "parts_max = 0", "expected a number from 1 to 32"},
                    bad_line{"message", "longest_message = 10", "expected a number from 64"},
                    bad_line{"unknown_quirk", "quirks = [\"sings\"]", "unknown quirk \"sings\"; known: cc_len_4"},
                    bad_line{"unknown_quirk_in_table", "quirks = {sings = true}", "unknown quirk \"sings\""},
                    bad_line{"quirk_value", "quirks = {cc_len = 5}", "quirks: cc_len: expected 4 or 8"},
                    bad_line{"quirk_of_numbers", "quirks = [4]", "expected names in quotes"},
                    bad_line{"quirk_text", "quirks = \"cc_len_4\"", "expected a list of names"},
                    bad_line{"batch", "batch = 3", "expected sections in double brackets"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(profile_file, batches_have_a_range_of_their_own) {
    const auto with = [](std::string_view range) {
        return parse_profiles(
            "[[profile]]\nname = \"p\"\n[[profile.batch]]\nname = \"a\"\n"
            "iccid_range = [\"8949000000000000000\", \"8949000000000000999\"]\n"
            "[[profile.batch]]\nname = \"b\"\n" +
                std::string(range) + "\n",
            "p.toml");
    };
    EXPECT_TRUE(with("iccid_range = [\"8949000000000001000\", \"8949000000000001999\"]"));
    for (const auto* range : {"iccid_range = [\"8949000000000000999\", \"8949000000000001999\"]",
                              "iccid_range = [\"8949000000000001999\", \"8949000000000001000\"]",
                              "iccid_range = [\"8949\", \"8950\"]", "iccid_range = [1, 2]", "parts_max = 3"})
        EXPECT_FALSE(with(range)) << range;
    EXPECT_FALSE(parse_profiles("[[profile]]\nname = \"p\"\n[[profile]]\nname = \"p\"\n", "p.toml"));
    EXPECT_FALSE(parse_profiles("", "p.toml"));
    EXPECT_FALSE(parse_profiles(std::string(2'000'000, '#'), "p.toml"));
}

TEST(profile_file, the_samples_that_we_ship_are_good) {
    std::ifstream file(TESSERA_SOURCE_DIR "/share/profiles/reserved_tars.toml");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto made = parse_profiles(text, "reserved_tars.toml");
    ASSERT_TRUE(made) << to_string(made.error().front());
    EXPECT_EQ(made->front().facts.tar_of("applet"), 0xb20100U);
    EXPECT_EQ(made->back().facts.tar_of("isd-r"), 1U);
}

class profile_store_test : public registry_test {};
TEST_F(profile_store_test, keeps_what_was_put_last) {
    profile_store catalogue(*writer);
    EXPECT_TRUE(catalogue.empty().value());
    auto entry = parse_profiles(whole, "p.toml").value().front();
    EXPECT_EQ(catalogue.put(entry, test_time).value(), profile_store::change::added);
    EXPECT_EQ(catalogue.put(entry, test_time).value(), profile_store::change::none);
    entry.facts.parts_max = 2;
    EXPECT_EQ(catalogue.put(entry, test_time).value(), profile_store::change::changed);
    EXPECT_EQ(catalogue.find("telco-2ff").value(), entry);
    EXPECT_EQ(catalogue.find("bare").value(), std::nullopt);
    ASSERT_TRUE(catalogue.put({"bare", {}, {}}, test_time));
    EXPECT_EQ(catalogue.list().value().size(), 2U);
    EXPECT_FALSE(catalogue.empty().value());
}

}  // namespace
}  // namespace tessera::cards
