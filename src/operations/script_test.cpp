#include "operations/script.h"

#include <gtest/gtest.h>

#include <map>

#include "base/hex.h"
#include "codec/remote_management.h"

namespace tessera::operations {
namespace {

bytes ramp(std::size_t octets) {
    bytes all(octets);
    for (std::size_t i = 0; i < octets; ++i) all[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
    return all;
}

// A card's file system in three lines: what the scripts leave in each file, transparent ones by offset.
std::map<std::string, bytes> executed(const std::vector<script>& scripts) {
    std::map<std::string, bytes> files;
    for (const auto& one : scripts) {
        std::string selected;
        const auto commands = codec::parse_compact_script(one.octets);
        EXPECT_TRUE(commands);
        EXPECT_EQ(commands->size(), one.commands);
        for (const auto& command : *commands) {
            if (command.ins == codec::instruction::select) {
                selected = to_hex(command.data);
                continue;
            }
            EXPECT_FALSE(selected.empty()) << "a script selects for itself";
            const bool record = command.ins == codec::instruction::update_record;
            auto& file = files[record ? selected + "#" + std::to_string(command.p1) : selected];
            const auto offset = record ? std::size_t{0} : std::size_t{command.p1} << 8U | command.p2;
            EXPECT_LE(offset, file.size()) << "no gap";
            file.resize(std::max(file.size(), offset + command.data.size()));
            std::copy(command.data.begin(), command.data.end(), file.begin() + static_cast<std::ptrdiff_t>(offset));
        }
    }
    return files;
}

TEST(write_scripts, of_one_small_file_are_select_and_update) {
    const auto scripts = write_scripts({{"7f20/6f46", 0, {0x01, 0x02}}}, 100);
    ASSERT_EQ(scripts.size(), 1U);
    // ETSI TS 102 221 clauses 11.1.1 (P1 08: by path from the MF) and 11.1.4.
    EXPECT_EQ(to_hex(scripts[0].octets),
              "00a4080c047f206f46"
              "00d60000020102");
    EXPECT_EQ(scripts[0].commands, 2);
}

TEST(write_scripts, of_cards_that_refuse_paths_select_step_by_step) {
    const script_style style{.select_step_by_step = true};
    const auto sim = write_scripts({{"7f20/6f46", 0, {0x01}}}, 100, 0, style);
    ASSERT_EQ(sim.size(), 1U);
    // ETSI TS 102 221 clause 11.1.1: P1 00, by file identifier, from the MF down.
    EXPECT_EQ(to_hex(sim[0].octets),
              "00a4000c023f00"
              "00a4000c027f20"
              "00a4000c026f46"
              "00d600000101");
    EXPECT_EQ(sim[0].commands, 4);
    // The application under way is found from anywhere (clause 8.4.1).
    const auto usim = read_back_scripts({{"7fff/6f46", 0, {0x01}}}, style);
    ASSERT_EQ(usim.size(), 1U);
    EXPECT_EQ(to_hex(usim[0].commands.octets),
              "00a4000c027fff"
              "00a4000c026f46"
              "00b0000001");
    EXPECT_EQ(usim[0].commands.commands, 3);
}

TEST(write_scripts, are_no_longer_than_the_cards_take) {
    const std::vector<file_write> writes{{"7f20/6f60", 0, ramp(300)}};
    const script_style style{.octets_max = 80};
    EXPECT_EQ(style.at_most(200), 80U);
    EXPECT_EQ(style.at_most(50), 50U);
    for (const auto& one : write_scripts(writes, 200, 0, style)) EXPECT_LE(one.octets.size(), 80U);
    EXPECT_EQ(executed(write_scripts(writes, 200, 0, style)), executed(write_scripts(writes, 200)));
    for (const auto& piece : read_back_scripts(writes, {.piece_octets = lone_answer_octets}))
        EXPECT_LE(piece.expected.size(), 98U);
}

TEST(write_scripts, of_a_record_name_it_absolutely) {
    const auto scripts = write_scripts({{"6f3a", 3, {0xaa}}}, 100);
    ASSERT_EQ(scripts.size(), 1U);
    EXPECT_EQ(to_hex(scripts[0].octets),
              "00a4080c026f3a"
              "00dc030401aa");
}

TEST(write_scripts, select_a_file_once_while_it_stays_selected) {
    const auto scripts = write_scripts({{"6f3a", 1, {1}}, {"6f3a", 2, {2}}, {"6f3b", 1, {3}}, {"6f3a", 3, {4}}}, 200);
    ASSERT_EQ(scripts.size(), 1U);
    EXPECT_EQ(scripts[0].commands, 7);
    const auto files = executed(scripts);
    EXPECT_EQ(files.at("6f3a#2"), bytes{2});
    EXPECT_EQ(files.at("6f3a#3"), bytes{4});
    EXPECT_EQ(files.at("6f3b#1"), bytes{3});
}

TEST(write_scripts, cut_long_files_into_pieces_that_fit) {
    for (const std::size_t octets_max : {32U, 98U, 255U, 270U, 642U})
        for (const std::size_t length : {1U, 85U, 254U, 255U, 256U, 300U, 512U, 3'000U, 32'768U}) {
            const std::vector<file_write> writes{{"7f20/6f46", 0, ramp(length)}, {"2fe2", 0, ramp(3)}};
            const auto scripts = write_scripts(writes, octets_max);
            for (const auto& one : scripts) ASSERT_LE(one.octets.size(), octets_max) << length;
            const auto files = executed(scripts);
            ASSERT_EQ(files.at("7f206f46"), writes[0].content) << length << " in " << octets_max;
            ASSERT_EQ(files.at("2fe2"), writes[1].content);
        }
}

TEST(write_scripts, never_hold_more_commands_than_an_answer_can_count) {
    std::vector<file_write> writes;
    for (int i = 0; i < 600; ++i)
        writes.push_back({i % 2 == 0 ? "6f3a" : "6f3b", static_cast<std::uint16_t>(i % 250 + 1), {9}});
    const auto scripts = write_scripts(writes, 60'000);
    std::size_t commands = 0;
    for (const auto& one : scripts) commands += codec::parse_compact_script(one.octets)->size();
    EXPECT_EQ(commands, 1'200U);
    EXPECT_EQ(executed(scripts).size(), 250U);
}

TEST(read_back_scripts, bring_every_octet_with_the_last_command) {
    const std::vector<file_write> writes{{"7f20/6f46", 0, ramp(600)}, {"6f3a", 7, ramp(30)}};
    const auto pieces = read_back_scripts(writes);
    ASSERT_EQ(pieces.size(), 4U);
    bytes first;
    for (const auto& piece : pieces) {
        EXPECT_EQ(piece.commands.commands, 2);
        const auto commands = codec::parse_compact_script(piece.commands.octets).value();
        ASSERT_EQ(commands.size(), 2U);
        EXPECT_EQ(commands[1].expected.value(), piece.expected.size());
        if (piece.write == 0) {
            EXPECT_EQ(std::size_t{commands[1].p1} << 8U | commands[1].p2, first.size());
            append(first, piece.expected);
        }
    }
    EXPECT_EQ(first, writes[0].content);
    EXPECT_EQ(pieces[3].write, 1U);
    EXPECT_EQ(to_hex(pieces[3].commands.octets),
              "00a4080c026f3a"
              "00b207041e");
}

}  // namespace
}  // namespace tessera::operations
