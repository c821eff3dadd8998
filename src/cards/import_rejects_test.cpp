// Rows that are refused: into which file, with what said, and that nothing secret is said.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cards/import.h"
#include "cards/test_registry.h"

namespace tessera::cards {
namespace {

constexpr std::string_view columns =
    "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter";
constexpr std::string_view key = "000102030405060708090a0b0c0d0e0f";
const std::string keys = "1,aes128," + std::string(key) + ",aes128," + std::string(key) + ",0000000001";
const std::string good = "8949000000000000018,001010000000001,491701234567,telco," + keys + "\n";

class import_rejects_test : public registry_test {
protected:
    [[nodiscard]] result<import_report> import(const std::string& rows, const import_options& options = {}) {
        return import_cards(file("cards.csv", std::string(columns) + "\n" + rows), options, *writer, vault, test_time,
                            [](std::size_t) {});
    }
    [[nodiscard]] std::string rejects() const { return content((folder / "cards.rejects.csv").string()); }
};

struct bad_row {
    const char* name;
    std::string row;
    std::string_view field;
};
class refused_row : public import_rejects_test, public testing::WithParamInterface<bad_row> {};

TEST_P(refused_row, is_told_with_line_and_field_and_leaves_the_others_alone) {
    const auto report = import("\n" + good + GetParam().row + "\n8949000000000000026,,,telco," + keys + "\n");
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->rejected, 1U);
    EXPECT_EQ(report->cards_added, 2U);
    ASSERT_EQ(report->problems.size(), 1U);
    EXPECT_EQ(report->problems[0].line, 4U);
    EXPECT_EQ(report->problems[0].field, GetParam().field);
    EXPECT_EQ(report->problems[0].reason.find("0001"), std::string::npos) << "key material in a message";
    EXPECT_EQ(report->rejects_file, (folder / "cards.rejects.csv").string());
    EXPECT_NE(rejects().find(",4," + std::string(GetParam().field) + ","), std::string::npos) << rejects();
    EXPECT_EQ(count("profile"), 1);
}

INSTANTIATE_TEST_SUITE_P(
    import, refused_row,
    testing::Values(
        bad_row{"iccid", "8949000000000000019,,,telco," + keys, "iccid"},
        bad_row{"no_iccid", ",,,telco," + keys, "iccid"},
        bad_row{"imsi", "8949000000000000034,1,,telco," + keys, "imsi"},
        bad_row{"msisdn", "8949000000000000034,,01,telco," + keys, "msisdn"},
        bad_row{"no_profile", "8949000000000000034,,,," + keys, "profile"},
        bad_row{"long_profile", "8949000000000000034,,," + std::string(65, 'x') + "," + keys, "profile"},
        bad_row{"profile_with_escape_sequence", "8949000000000000034,,,tel\x1b[2Jco," + keys, "profile"},
        bad_row{"profile_in_latin_1", "8949000000000000034,,,Z\xfcrich," + keys, "profile"},
        bad_row{"profile_overlong", "8949000000000000034,,,a\xc0\xaf," + keys, "profile"},
        bad_row{"kvn_0", "8949000000000000034,,,telco,0" + keys.substr(1), "kvn"},
        bad_row{"kvn_16", "8949000000000000034,,,telco,16" + keys.substr(1), "kvn"},
        bad_row{"no_kvn", "8949000000000000034,,,telco," + keys.substr(1), "kvn"},
        bad_row{"kic_algorithm", "8949000000000000034,,,telco,1,rot13," + std::string(key) + ",des,0102030405060708,",
                "kic_algorithm"},
        bad_row{"short_key", "8949000000000000034,,,telco,1,aes128,00010203,des,0102030405060708,", "kic_key"},
        bad_row{"key_of_other_letters",
                "8949000000000000034,,,telco,1,aes128,000102030405060708090a0b0c0d0e0g,des,0102030405060708,",
                "kic_key"},
        bad_row{"kid_missing", "8949000000000000034,,,telco,1,aes128," + std::string(key) + ",aes128,,", "kid_key"},
        bad_row{"counter", "8949000000000000034,,,telco," + keys + "0", "counter"},
        bad_row{"too_few_fields", "8949000000000000034,,,telco", "row"},
        bad_row{"too_many_fields", "8949000000000000034,,,telco," + keys + ",", "row"},
        bad_row{"text_after_quote", "8949000000000000034,\"\"x,,telco," + keys, "row"},
        bad_row{"quote_never_closed", "8949000000000000034,\",,telco," + keys, "row"},
        bad_row{"long_line", "8949000000000000034,,," + std::string(5'000, 'x') + "," + keys, "row"},
        bad_row{"other_imsi", "8949000000000000018,001010000000002,491701234567,telco," + keys, "imsi"},
        bad_row{"other_msisdn", "8949000000000000018,001010000000001,491701234568,telco," + keys, "msisdn"},
        bad_row{"other_profile", "8949000000000000018,001010000000001,491701234567,new," + keys, "profile"},
        bad_row{"taken_imsi", "8949000000000000034,001010000000001,,new," + keys, "imsi"},
        bad_row{"taken_msisdn", "8949000000000000034,,491701234567,telco," + keys, "msisdn"},
        bad_row{
            "other_key",
            "8949000000000000018,001010000000001,491701234567,telco,1,aes128,ff0102030405060708090a0b0c0d0e0f,aes128," +
                std::string(key) + ",",
            "kvn"},
        bad_row{"other_algorithm",
                "8949000000000000018,001010000000001,491701234567,telco,1,3des2," + std::string(key) + ",aes128," +
                    std::string(key) + ",",
                "kvn"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_F(import_rejects_test, those_of_a_device_go_to_the_working_directory) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder);
    const auto report = import_cards("/dev/null", {}, *writer, vault, test_time, [](std::size_t) {});
    EXPECT_EQ(report.error().code, "bad_header");
    const auto csv = file("cards.csv", std::string(columns) + "\nx\n");
    const int input = ::open(csv.c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(input, 0);
    const auto rows =
        import_cards("/dev/fd/" + std::to_string(input), {}, *writer, vault, test_time, [](std::size_t) {});
    ::close(input);
    std::filesystem::current_path(before);
    ASSERT_TRUE(rows) << to_string(rows.error());
    EXPECT_EQ(rows->rejects_file, "stdin.rejects.csv");
    EXPECT_NE(content((folder / "stdin.rejects.csv").string()).find("expected 10 fields"), std::string::npos);
}

TEST_F(import_rejects_test, the_file_is_the_owner_s_alone_whatever_stood_there_before) {
    const auto left = file("cards.rejects.csv.partial", "left by a crash");
    ASSERT_EQ(::chmod(left.c_str(), 0644), 0);
    ASSERT_TRUE(import("x\n"));
    struct stat found {};
    ASSERT_EQ(::stat((folder / "cards.rejects.csv").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
    EXPECT_FALSE(std::filesystem::exists(left));
}

TEST_F(import_rejects_test, the_file_of_an_earlier_import_goes_when_all_is_well) {
    ASSERT_TRUE(import("x\n"));
    ASSERT_TRUE(std::filesystem::exists(folder / "cards.rejects.csv"));
    ASSERT_TRUE(import(good));
    EXPECT_FALSE(std::filesystem::exists(folder / "cards.rejects.csv"));
}

TEST_F(import_rejects_test, mended_the_file_can_be_imported_as_it_is) {
    ASSERT_TRUE(import(good + "8949000000000000027,,,\"a,b\"," + keys + "\n"));
    auto mended = rejects();
    const auto at = mended.find("8949000000000000027");
    ASSERT_NE(at, std::string::npos) << mended;
    mended.replace(at, 19, "8949000000000000026");
    const auto report = import_cards(file("mended.csv", mended), {}, *writer, vault, test_time, [](std::size_t) {});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->cards_added, 1U);
    EXPECT_EQ(report->rejected, 0U);
    EXPECT_EQ(card_store(*writer).find("8949000000000000026").value()->profile, "a,b");
}

// A row that cannot be read must not borrow the fields of the one before it, its keys least of all.
TEST_F(import_rejects_test, an_unreadable_row_shows_nothing_of_its_neighbour) {
    ASSERT_TRUE(import(good + "8949000000000000034,\"\"x\n" + good + std::string(5'000, 'x') + "\n"));
    EXPECT_EQ(rejects().find(key), std::string::npos) << "the neighbour's key";
    EXPECT_EQ(rejects().find("491701234567"), std::string::npos) << "the neighbour's number";
    EXPECT_NE(rejects().find("8949000000000000034,,"), std::string::npos) << rejects();
}

TEST_F(import_rejects_test, a_refused_row_makes_no_profile) {
    ASSERT_TRUE(import(good + "8949000000000000034,001010000000001,,misspelt," + keys + "\n"));
    EXPECT_EQ(count("profile"), 1);
}

TEST_F(import_rejects_test, strict_takes_all_or_nothing_and_tells_every_row) {
    const auto refused =
        import(good + "x\n8949000000000000034,1,,telco," + keys + "\n", {.profile = {}, .strict = true});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "refused");
    EXPECT_NE(refused.error().message.find("cards.csv:3 row: "), std::string::npos) << refused.error().message;
    EXPECT_NE(refused.error().message.find("cards.csv:4 imsi: "), std::string::npos) << refused.error().message;
    EXPECT_EQ(refused.error().message.find(key), std::string::npos);
    EXPECT_TRUE(everything().empty());
    EXPECT_FALSE(std::filesystem::exists(folder / "cards.rejects.csv"));
    const auto taken = import(good, {.profile = {}, .strict = true});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->cards_added, 1U);
}

TEST_F(import_rejects_test, only_the_first_problems_are_kept_but_all_are_counted) {
    std::string rows;
    for (int i = 0; i < 100; ++i) rows += "x\n";
    const auto report = import(rows);
    EXPECT_EQ(report->rejected, 100U);
    EXPECT_EQ(report->problems.size(), import_problems_kept);
}

}  // namespace
}  // namespace tessera::cards
