#include "operations/planned_reading.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "base/limits.h"

namespace tessera::operations {
namespace {

// A card's file, read as a card reads: as much as there is for Le 00, a correction where it is less than asked for.
executed_answer answer_of(byte_view file, const read_piece& piece, bool exact = false) {
    if (piece.offset >= file.size()) return {2, 0x6b00, {}};
    const auto there = file.size() - piece.offset;
    if (there < piece.length && (exact || piece.length < 256))
        return {2, static_cast<std::uint16_t>(0x6c00U | (there & 0xffU)), {}};
    return {2, 0x9000, to_bytes(file.subspan(piece.offset, std::min<std::size_t>(there, piece.length)))};
}

struct outcome_of_reading {
    reading made;
    int rounds = 0;
    int packets = 0;
};
outcome_of_reading read_all(const file_read& wanted, byte_view file, bool exact = false) {
    outcome_of_reading found;
    std::vector<reading> state(1);
    while (state[0].now == reading::state::open && found.rounds < 30) {
        ++found.rounds;
        for (const auto& piece : next_pieces({wanted}, state)) {
            ++found.packets;
            take_piece(wanted, piece, answer_of(file, piece, exact), {1, static_cast<std::uint64_t>(found.packets)},
                       state[0]);
        }
    }
    found.made = state[0];
    return found;
}

bytes file_of(std::size_t octets) {
    bytes made;
    for (std::size_t i = 0; i < octets; ++i) made.push_back(static_cast<std::uint8_t>(i * 7 + i / 256));
    return made;
}

TEST(planned_reading, every_length_comes_whole) {
    for (const std::size_t octets : {1U, 17U, 255U, 256U, 257U, 512U, 700U, 5'000U, 32'768U})
        for (const bool exact : {false, true}) {
            SCOPED_TRACE(std::to_string(octets) + (exact ? " exact" : ""));
            const auto file = file_of(octets);
            const auto found = read_all({"7f20/6f46"}, file, exact);
            EXPECT_EQ(found.made.now, reading::state::complete);
            EXPECT_EQ(found.made.content, file);
            EXPECT_EQ(found.made.whole, octets < limits::file_content_octets);
            EXPECT_EQ(found.made.counter, exact && octets < 256 ? 2U : 1U);
            EXPECT_LE(found.rounds, 12);
        }
    EXPECT_EQ(read_all({"7f20/6f46"}, file_of(17)).packets, 1);
}

TEST(planned_reading, a_length_that_is_said_takes_one_round) {
    const auto file = file_of(600);
    const auto found = read_all({"7f20/6f46", 0, 450}, file);
    EXPECT_EQ(found.rounds, 1);
    EXPECT_EQ(found.packets, 3);
    EXPECT_EQ(found.made.content, bytes(file.begin(), file.begin() + 450));
    EXPECT_FALSE(found.made.whole);
    const auto shorter = read_all({"7f20/6f46", 0, 450}, file_of(230));
    EXPECT_EQ(shorter.made.content, file_of(230));
    EXPECT_TRUE(shorter.made.whole);
}

TEST(planned_reading, a_missing_answer_holds_back_what_lies_behind_it) {
    const auto file = file_of(600);
    const file_read wanted{"7f20/6f46", 0, 600};
    std::vector<reading> state(1);
    const auto pieces = next_pieces({wanted}, state);
    ASSERT_EQ(pieces.size(), 3U);
    EXPECT_TRUE(take_piece(wanted, pieces[0], answer_of(file, pieces[0]), {1, 1}, state[0]));
    EXPECT_FALSE(take_piece(wanted, pieces[2], answer_of(file, pieces[2]), {1, 3}, state[0]));
    const auto rest = next_pieces({wanted}, state);
    ASSERT_EQ(rest.size(), 2U);
    EXPECT_EQ(rest[0].offset, 200U);
}

TEST(planned_reading, what_the_card_refuses_is_kept_with_its_status_word) {
    const file_read wanted{"7f20/6fff"};
    reading state;
    const auto piece = next_pieces({wanted}, {state}).front();
    EXPECT_TRUE(take_piece(wanted, piece, {1, 0x6a82, {}}, {1, 5}, state));
    EXPECT_EQ(state.now, reading::state::refused);
    EXPECT_EQ(state.status_word, 0x6a82);
    EXPECT_TRUE(next_pieces({wanted}, {state}).empty());
}

TEST(planned_reading, more_packets_than_a_card_may_get_wait_for_the_next_round) {
    std::vector<file_read> wanted;
    for (int i = 0; i < 10; ++i) wanted.push_back({"7f20/6f46", 0, 200 * 30});
    EXPECT_EQ(next_pieces(wanted, std::vector<reading>(10)).size(), limits::packets_per_card);
}

}  // namespace
}  // namespace tessera::operations
