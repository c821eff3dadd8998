#include <gtest/gtest.h>

#include "sim/simulated_card.h"
#include "sim/test_world.h"

namespace tessera::sim {
namespace {

namespace world = testing_world;

// What a card answers to a script, as the data of its response packet.
class scripts_on_cards : public testing::Test {
protected:
    std::string ask(std::string_view script, std::uint32_t tar = 0xb00010) {
        const auto security = world::security(0x16, 0x39, tar);
        std::vector<card_message> answers;
        cards.receive(0, world::message(security, ++counter, script), {}, {}, answers);
        if (answers.size() != 1) return "no answer";
        const auto response = codec.decode_response(answers[0].user_data(), security, {world::kic(), world::kid()});
        return response ? to_hex(response->data) : to_string(response.error());
    }
    simulated_cards cards{world::make_cards(1)};
    codec::secured_packet_codec codec;
    std::uint64_t counter = 10;
};

const std::string select_spn = "220900a4080c047f206f46";
const std::string read_2 = "220500b0000002";

TEST_F(scripts_on_cards, expanded_scripts_answer_every_command) {
    EXPECT_EQ(ask("aa12" + select_spn + read_2),
              "ab0d80010223029000"
              "2304ffff9000");
    EXPECT_EQ(ask("ae80" + select_spn + read_2 + "0000"),
              "af8023029000"
              "2304ffff9000"
              "0000");
    EXPECT_EQ(ask("aa07" + read_2),
              "ab07800101"
              "23026986");
    EXPECT_EQ(ask("aa0b"
                  "220700a4080c027f20"
                  "2200"),
              "ab0b800102"
              "23029000"
              "23026700");
}

TEST_F(scripts_on_cards, what_is_badly_made_is_told_by_its_fault) {
    EXPECT_EQ(ask("aa03240190"),
              "ab06800100"
              "900101");
    EXPECT_EQ(ask("aa0c" + select_spn + "22"),
              "ab0a800101"
              "23029000"
              "900103");
    EXPECT_EQ(ask("aa05" + select_spn),
              "ab06800100"
              "900102");
}

TEST_F(scripts_on_cards, a_chain_keeps_what_its_scripts_selected) {
    EXPECT_EQ(ask("aa0a830102" + read_2),
              "ab06800100"
              "830101");  // no previous script
    EXPECT_EQ(ask("aa0e830101" + select_spn),
              "ab07800102"
              "23029000");
    EXPECT_EQ(ask("aa0a830102" + read_2),
              "ab09800102"
              "2304ffff9000");
    EXPECT_EQ(ask("aa0a830103" + read_2),
              "ab09800102"
              "2304ffff9000");
    EXPECT_EQ(ask("aa0a830103" + read_2),
              "ab06800100"
              "830101");
    EXPECT_EQ(ask("aa0e830111" + select_spn),
              "ab07800102"
              "23029000");
    EXPECT_EQ(ask("aa07830102"
                  "220200b0"),
              "ab07800102"
              "23026700");  // a failing script ends it
    EXPECT_EQ(ask("aa0a830103" + read_2),
              "ab06800100"
              "830101");
}

TEST_F(scripts_on_cards, applications_are_managed_at_their_own_address) {
    EXPECT_EQ(ask("80f24002024f00", 0x000000), "016a88");
    EXPECT_EQ(ask("80f28002024f00", 0x000000).substr(0, 8), "019000e3");
    EXPECT_EQ(ask("aa0a220880f28002024f0000", 0x000000).substr(0, 6), "ab1a80");
    EXPECT_EQ(ask("80ca00e000", 0x000000), "019000e018c0020101c0020201c0020301c0020102c0020202c0020302");
}

}  // namespace
}  // namespace tessera::sim
