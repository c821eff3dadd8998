#include "campaigns/blocks.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::campaigns {
namespace {

TEST(blocks, entries_of_cards_and_terminals_come_back_as_they_were) {
    const auto packet = from_hex("0102030405").value();
    message_entry card{cards::card_id{7}, 491701234567, operations::purpose::write, 1, 2, 0x0102030405, 9, 0, packet};
    message_entry terminal{cards::card_id{8},         491701234568, operations::purpose::read_back, 0, 15, 1, 0, 16'000,
                           byte_view(packet).first(2)};
    bytes block;
    append_entry(block, card);
    const auto of_a_card = block.size();
    append_entry(block, terminal);
    EXPECT_EQ(of_a_card, 30U + packet.size());  // nothing of ports in it
    EXPECT_EQ(block.size() - of_a_card, 32U + 2U);
    const auto read = parse_messages(block).value();
    ASSERT_EQ(read.size(), 2U);
    for (const auto& [wanted, found] : {std::pair{card, read[0]}, std::pair{terminal, read[1]}}) {
        EXPECT_EQ(found.card, wanted.card);
        EXPECT_EQ(found.subscriber, wanted.subscriber);
        EXPECT_EQ(found.what, wanted.what);
        EXPECT_EQ(found.sequence, wanted.sequence);
        EXPECT_EQ(found.key_version, wanted.key_version);
        EXPECT_EQ(found.counter, wanted.counter);
        EXPECT_EQ(found.image_version, wanted.image_version);
        EXPECT_EQ(found.port, wanted.port);
        EXPECT_EQ(to_hex(found.packet), to_hex(wanted.packet));
    }
}

TEST(blocks, a_damaged_block_is_an_error) {
    bytes block;
    const auto packet = from_hex("0102").value();
    append_entry(block, message_entry{cards::card_id{8}, 1, operations::purpose::write, 0, 1, 1, 0, 16'000, packet});
    for (std::size_t size = 1; size < block.size(); ++size)
        EXPECT_FALSE(parse_messages(byte_view(block).first(size))) << size;
    block[16] = 0x85;  // a purpose that there is not
    EXPECT_FALSE(parse_messages(block));
}

}  // namespace
}  // namespace tessera::campaigns
