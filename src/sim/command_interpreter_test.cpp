#include "sim/command_interpreter.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "base/hex.h"

namespace tessera::sim {
namespace {

class command_interpreter_test : public testing::Test {
protected:
    // "executed statusword data"
    std::string run(std::string_view script, file_index start = master_file) {
        const auto octets = from_hex(script).value();
        const auto result = interpreter.run(7, identity, attempts, start, octets);
        std::array<char, 16> head{};
        std::snprintf(head.data(), head.size(), "%u %04x", result.executed, static_cast<unsigned>(result.status_word));
        return std::string(head.data()) + (result.data.empty() ? "" : " " + to_hex(result.data));
    }
    std::uint32_t executed(std::string_view path) { return files.executed(7, find_path(path).value()); }

    file_store files;
    command_interpreter interpreter{files};
    card_identity identity{.iccid = {0x98, 0x94}, .imsi = {0x08, 0x09}};
    verification_attempts attempts;
};

constexpr const char* select_spn = "00a4080c047f206f46";
constexpr const char* select_adn = "00a4080c047f106f3a";

TEST_F(command_interpreter_test, binary_files_are_read_and_updated) {
    EXPECT_EQ(run(std::string(select_spn) + "00b0000000"), "2 9000 ffffffffffffffffffffffffffffffffff");
    EXPECT_EQ(run(std::string(select_spn) + "00d6000003010203"), "2 9000");
    EXPECT_EQ(run(std::string(select_spn) + "00d600010155" + "00b0000004"), "3 9000 015503ff");
    EXPECT_EQ(run(std::string(select_spn) + "00b0000f02"), "2 9000 ffff");
    EXPECT_EQ(run("00a40000027f20"
                  "00a40000026f46"
                  "00b0000003"),
              "3 9000 015503");
    EXPECT_EQ(run("00a40000027f10"
                  "00a40000026f46"),
              "2 6a82");
}

TEST_F(command_interpreter_test, offsets_and_lengths_are_checked) {
    const std::string spn = select_spn;
    EXPECT_EQ(run(spn + "00b0001101"), "2 6b00");
    EXPECT_EQ(run(spn + "00b0001002"), "2 6c01");
    EXPECT_EQ(run(spn + "00d600110100"), "2 6b00");
    EXPECT_EQ(run(spn + "00d60010020000"), "2 6700");
    EXPECT_EQ(run(spn + "00d6000000"), "2 6700");
    EXPECT_EQ(run(spn + "00d60000050102"), "2 6700");  // the script ends early
    EXPECT_EQ(executed("7f20/6f46"), 0U);
}

TEST_F(command_interpreter_test, the_older_class_has_its_own_words) {
    EXPECT_EQ(run("a0a40000027f20"
                  "a0a40000026f46"),
              "2 9f0f");
    EXPECT_EQ(run("a0a40000027f20"
                  "a0a40000026f46"
                  "a0c000000f"),
              "3 9000 000000116f4604000000000102"
              "0000");
    EXPECT_EQ(run("a0a40000029999"), "1 9404");
    EXPECT_EQ(run("a0b0000001"), "1 9400");
    EXPECT_EQ(run("a0a40000022fe2"
                  "a0d600000100"),
              "2 9804");
    EXPECT_EQ(run("a0a40000022fe2"
                  "a0b0ff0001"),
              "2 6b00");
    EXPECT_EQ(run("a0a40000022fe2"
                  "a0b0000b01"),
              "2 9402");
    EXPECT_EQ(run("a0a40000022fe2"
                  "a0b2010401"),
              "2 9408");
    EXPECT_EQ(run("a0a4080c047f206f46"), "1 6b00");
}

TEST_F(command_interpreter_test, a_script_stops_at_its_first_failure) {
    EXPECT_EQ(run(std::string(select_spn) + "00b0ff0001" + "00d600000100"), "2 6a86");
    EXPECT_EQ(run(std::string(select_spn) + "00ff000000" + "00d600000100"), "2 6d00");
    EXPECT_EQ(run(std::string(select_spn) + "00a2010401aa"), "2 6d00");
    EXPECT_EQ(run("70b0000001"), "1 6e00");
    EXPECT_EQ(run("80b0000001"), "1 6d00");
    EXPECT_EQ(run(std::string(select_spn) + "00d600000199" + "00b0ff0001"), "3 6a86");
    EXPECT_EQ(run(std::string(select_spn) + "00b0000001"), "2 9000 99");  // what ran before the failure stays
    EXPECT_EQ(run(""), "0 9000");
}

TEST_F(command_interpreter_test, selection_has_every_form) {
    EXPECT_EQ(run("00a4040c07a0000000871002"
                  "00a4090c026f46"),
              "2 9000");
    EXPECT_EQ(run("00a4080c047fff6f46"
                  "00a4030c00"
                  "00a4000c022fe2"),
              "3 9000");
    EXPECT_EQ(run("00a4010c027ff0"
                  "00a4010c026f46"),
              "2 6a82");
    EXPECT_EQ(run("00a4080c037f206f"), "1 6700");
    EXPECT_EQ(run("00a4050c027f20"), "1 6a86");
    EXPECT_EQ(run("00a40004022fe2"
                  "00c0000000"),
              "2 9000 62128202412183022fe28a01058002000a880110");
    EXPECT_EQ(run("00b0000001"), "1 6986");
    EXPECT_EQ(run("00c0000000"), "1 6f00");
}

TEST_F(command_interpreter_test, short_identifiers_pick_a_file) {
    EXPECT_EQ(run("00b0820002"), "1 9000 9894");                      // EF.ICCID is 02 in the MF
    EXPECT_EQ(run("00b0870002", application_usim()), "1 9000 0809");  // EF.IMSI is 07 in ADF.USIM
    EXPECT_EQ(run("00d691000100"
                  "00b0910002",
                  application_usim()),
              "2 9000 00ff");  // 6F61
    EXPECT_EQ(run("00b0840002"), "1 6a82");
    EXPECT_EQ(run("00b2010c14", application_usim()), "1 9000 ffffffffffffffffffffffffffffffffffffffff");  // 6FB7
}

TEST_F(command_interpreter_test, records_are_addressed_by_number_and_by_pointer) {
    const std::string ones(56, '1'), twos(56, '2'), blank(56, 'f');
    const std::string adn = select_adn;
    EXPECT_EQ(run(adn + "00dc01041c" + ones + "00dc02041c" + twos), "3 9000");
    EXPECT_EQ(run(adn + "00b201041c"), "2 9000 " + ones);
    EXPECT_EQ(run(adn + "00b2000200" + "00b2000200"), "3 9000 " + twos);                 // next, next
    EXPECT_EQ(run(adn + "00b2000200" + "00b2000200" + "00b200031c"), "4 9000 " + ones);  // and previous
    EXPECT_EQ(run(adn + "00b2000300"), "2 9000 " + blank);                               // previous of none is the last
    EXPECT_EQ(run(adn + "00b2000200" + "00b2000400"), "3 9000 " + ones);                 // current
    EXPECT_EQ(run(adn + "00b2000400"), "2 6a83");
    EXPECT_EQ(run(adn + "00b265041c"), "2 6a83");
    EXPECT_EQ(run(adn + "00b2010405"), "2 6c1c");
    EXPECT_EQ(run(adn + "00dc01040100"), "2 6700");
    EXPECT_EQ(run(adn + "00b2010100"), "2 6a86");
    EXPECT_EQ(run(adn + "00b0000000"), "2 6981");
    EXPECT_EQ(run(std::string(select_spn) + "00b2010400"), "2 6981");
    EXPECT_EQ(executed("7f10/6f3a"), 1U);
}

TEST_F(command_interpreter_test, a_cyclic_file_takes_its_newest_record_first) {
    const std::string acm = "00a4080c047f206f39";
    EXPECT_EQ(run(acm + "00dc000303000001" + "00dc000303000002"), "3 9000");
    EXPECT_EQ(run(acm + "00b2010400"), "2 9000 000002");
    EXPECT_EQ(run(acm + "00b2020400"), "2 9000 000001");
    EXPECT_EQ(run(acm + "00dc010403000003"), "2 6a86");
    EXPECT_EQ(run(acm + "00b2000300" + "00b2000200"), "3 9000 000002");  // around
}

TEST_F(command_interpreter_test, access_conditions_hold) {
    EXPECT_EQ(run("00a4080c022fe2"
                  "00d6000001aa"),
              "2 6982");  // never
    const std::string spdi = "00a4080c047f206fcd00d6000001aa";
    EXPECT_EQ(run(spdi), "2 6982");  // ADM2
    EXPECT_EQ(run("0020000b083232323232323232" + spdi), "3 9000");
    EXPECT_EQ(run(spdi), "2 6982");  // the right ends with the packet
}

TEST_F(command_interpreter_test, codes_have_few_attempts) {
    EXPECT_EQ(run("0020000100"), "1 63c3");
    EXPECT_EQ(run("002000010830303030ffffffff"), "1 63c2");
    EXPECT_EQ(run("a02000010830303030ffffffff"), "1 9804");
    EXPECT_EQ(run("002000010831323334ffffffff"), "1 9000");
    EXPECT_EQ(run("0020000100"), "1 63c3");
    for (int i = 0; i < 2; ++i) run("002000010830303030ffffffff");
    EXPECT_EQ(run("002000010830303030ffffffff"), "1 6983");
    EXPECT_EQ(run("002000010831323334ffffffff"), "1 6983");
    EXPECT_EQ(run("a02000010831323334ffffffff"), "1 9840");
    EXPECT_EQ(run("0020000a083131313131313131"), "1 9000");
    EXPECT_EQ(run("0020000a0231"), "1 6700");
    EXPECT_EQ(run("0020000200"), "1 6a88");
}

TEST_F(command_interpreter_test, status_tells_of_the_directory) {
    EXPECT_EQ(run("80f2000c00"), "1 9000");
    EXPECT_EQ(run("00a4000c027f20"
                  "80f2000000"),
              "2 9000 620b8202782183027f208a0105");
    EXPECT_EQ(run("a0f2000002"), "1 9000 0000");
    EXPECT_EQ(run("80f2000900"), "1 6a86");
}

TEST_F(command_interpreter_test, a_packet_counts_once_per_file_and_equal_contents_are_kept_once) {
    const auto script = from_hex(std::string(select_spn) + "00d6000001aa" + "00d6000101bb").value();
    for (std::uint32_t card = 0; card < 100; ++card) {
        const auto result = interpreter.run(card, identity, attempts, master_file, script);
        EXPECT_EQ(result.status_word, 0x9000);
    }
    EXPECT_EQ(executed("7f20/6f46"), 1U);
    EXPECT_EQ(files.changed_files(), 100U);
    EXPECT_EQ(files.distinct_contents(), 1U);
    run(std::string(select_spn) + "00d600000100");
    EXPECT_EQ(executed("7f20/6f46"), 2U);
    EXPECT_EQ(files.distinct_contents(), 2U);
    EXPECT_EQ(executed("7ff0/6f46"), 0U);
}

}  // namespace
}  // namespace tessera::sim
