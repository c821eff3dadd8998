#include "operations/file_reader.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::operations {
namespace {

using step = file_reader::step;

executed_answer answer(std::uint16_t word, std::size_t octets = 0, std::uint8_t executed = 2) {
    return {executed, word, bytes(octets, 0x5a)};
}

TEST(file_reader, asks_for_as_much_as_the_card_says_it_has) {
    file_reader reader("7f20/6f46", 0);
    EXPECT_EQ(to_hex(reader.next().octets),
              "00a4080c047f206f46"
              "00b0000000");
    EXPECT_EQ(reader.take(answer(0x6c11)), step::more);
    EXPECT_EQ(to_hex(reader.next().octets),
              "00a4080c047f206f46"
              "00b0000011");
    EXPECT_EQ(reader.take(answer(0x9000, 0x11)), step::complete);
    EXPECT_EQ(reader.content().size(), 0x11U);
}

TEST(file_reader, goes_on_behind_a_full_answer_until_the_file_ends) {
    file_reader reader("6f60", 0);
    EXPECT_EQ(reader.take(answer(0x9000, 256)), step::more);
    EXPECT_EQ(to_hex(reader.next().octets),
              "00a4080c026f60"
              "00b0010000");
    EXPECT_EQ(reader.take(answer(0x6710)), step::more);  // the older way to say it
    EXPECT_EQ(reader.take(answer(0x9000, 16)), step::complete);
    EXPECT_EQ(reader.content().size(), 272U);
    file_reader exact("6f60", 0);
    EXPECT_EQ(exact.take(answer(0x9000, 256)), step::more);
    EXPECT_EQ(exact.take(answer(0x6b00)), step::complete);
    EXPECT_EQ(exact.content().size(), 256U);
}

TEST(file_reader, asks_cards_with_short_answers_for_small_pieces_and_selects_as_they_take_it) {
    file_reader reader("7f20/6f46", 0, {.select_step_by_step = true, .piece_octets = lone_answer_octets});
    EXPECT_EQ(to_hex(reader.next().octets),
              "00a4000c023f00"
              "00a4000c027f20"
              "00a4000c026f46"
              "00b0000062");
    EXPECT_EQ(reader.take(answer(0x9000, 98, 4)), step::more);
    EXPECT_EQ(reader.take(answer(0x6c03, 0, 4)), step::more);
    EXPECT_EQ(reader.take(answer(0x9000, 3, 4)), step::complete);
    EXPECT_EQ(reader.content().size(), 101U);
}

TEST(file_reader, reads_a_record_whole) {
    file_reader reader("7f10/6f3a", 3);
    EXPECT_EQ(to_hex(reader.next().octets),
              "00a4080c047f106f3a"
              "00b2030400");
    EXPECT_EQ(reader.take(answer(0x6c1c)), step::more);
    EXPECT_EQ(reader.take(answer(0x9000, 28)), step::complete);
}

TEST(file_reader, takes_a_refusal_for_one) {
    for (const unsigned word : {0x6a82U, 0x6982U, 0x6b00U, 0x6c00U, 0x6700U}) {
        file_reader reader("7f20/6f46", 0);
        EXPECT_EQ(reader.take(answer(static_cast<std::uint16_t>(word))), step::refused) << std::hex << word;
        EXPECT_EQ(reader.take(answer(static_cast<std::uint16_t>(word), 0, 1)), step::refused);
    }
    file_reader reader("7f20/6f46", 0);
    EXPECT_EQ(reader.take(answer(0x6c11)), step::more);
    EXPECT_EQ(reader.take(answer(0x6c11)), step::refused);  // once is enough
}

}  // namespace
}  // namespace tessera::operations
