#include "operations/application_script.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "codec/remote_management.h"
#include "operations/application_evidence.h"
#include "operations/script_answer.h"

namespace tessera::operations {
namespace {

bytes octets(std::string_view hex) { return from_hex(hex).value(); }

application_action installation(std::size_t component_octets) {
    application_action made;
    made.load_file = octets("a00000000101");
    made.version = octets("0100");
    made.components = bytes(component_octets, 0x11);
    made.module = made.instance = octets("a0000000010101");
    return made;
}
application_action removal(std::string_view aid, bool related) {
    application_action made;
    made.kind = application_kind::remove;
    made.removed = octets(aid);
    made.with_related = related;
    return made;
}

TEST(application_script, fills_packets_and_keeps_the_order) {
    for (const auto& shape : {script_shape{script_format::compact, false, 98},
                              {script_format::compact, false, 624},
                              {script_format::expanded, true, 370}}) {
        const auto scripts = application_scripts({installation(1'000)}, shape);
        ASSERT_TRUE(scripts) << to_string(scripts.error());
        std::vector<std::uint8_t> order;
        auto shaped = *scripts;
        put_into_shape(shaped, shape);
        for (std::size_t i = 0; i < scripts->size(); ++i) {
            const auto commands = codec::parse_compact_script((*scripts)[i].octets).value();
            EXPECT_EQ(commands.size(), (*scripts)[i].commands);
            EXPECT_LE(shaped[i].octets.size(), shape.octets_max);
            for (const auto& one : commands) order.push_back(one.ins);
        }
        EXPECT_EQ(order.front(), 0xe6);
        EXPECT_EQ(order.back(), 0xe6);
        for (std::size_t i = 1; i + 1 < order.size(); ++i) EXPECT_EQ(order[i], 0xe8);
    }
    EXPECT_EQ(application_scripts({installation(1'000)}, {script_format::compact, false, 32}).error().code,
              "bad_length");
}

TEST(application_script, a_removal_stands_alone) {
    const auto scripts =
        application_scripts({removal("a00000000101", true), installation(50)}, {script_format::compact, false, 624});
    ASSERT_TRUE(scripts);
    ASSERT_EQ(scripts->size(), 2U);
    EXPECT_EQ((*scripts)[0].role, script_role::removes);
    EXPECT_EQ((*scripts)[0].commands, 1);
    EXPECT_EQ((*scripts)[1].role, script_role::adds);
}

TEST(application_script, what_is_asked_afterwards_is_what_the_last_action_left) {
    const std::vector<application_action> upgrade{removal("a00000000101", true), installation(50)};
    const auto questions = application_read_backs(upgrade);
    ASSERT_EQ(questions.size(), 2U);
    EXPECT_EQ(questions[0].expect, expectation::loaded);
    EXPECT_EQ(to_hex(questions[0].version), "0100");
    EXPECT_EQ(questions[1].expect, expectation::selectable);
    EXPECT_EQ(to_hex(questions[1].commands.octets), "80f24002094f07a0000000010101");
    const std::vector<application_action> gone{removal("a00000000101", true)};
    EXPECT_EQ(application_read_backs(gone)[0].expect, expectation::absent);
}

TEST(application_script, chains_are_numbered_and_status_asks_for_its_data) {
    std::vector<script> scripts(3);
    for (auto& one : scripts) one = {octets("80f24002024f00"), 1, {}};
    put_into_shape(scripts, {script_format::expanded, true, 100});
    EXPECT_EQ(to_hex(scripts[0].octets), "aa0d830101220880f24002024f0000");
    EXPECT_EQ(to_hex(scripts[1].octets).substr(4, 6), "830102");
    EXPECT_EQ(to_hex(scripts[2].octets).substr(4, 6), "830103");
}

TEST(application_evidence, the_card_lists_what_there_is) {
    const auto aid = octets("a00000000101");
    const auto version = octets("0100");
    const auto loaded = octets("e3104f06a000000001019f700101ce020100");
    const auto other = octets("e3104f06a000000001019f700101ce020200");
    const auto silent = octets("e30c4f06a000000001019f700101");
    EXPECT_EQ(state_of(expectation::loaded, aid, version, 0x9000, loaded), object_state::as_wanted);
    EXPECT_EQ(state_of(expectation::loaded, aid, version, 0x9000, other), object_state::otherwise);
    EXPECT_EQ(state_of(expectation::loaded, aid, version, 0x9000, silent), object_state::unversioned);
    EXPECT_EQ(state_of(expectation::loaded, aid, version, 0x6a88, {}), object_state::otherwise);
    EXPECT_EQ(state_of(expectation::absent, aid, {}, 0x6a88, {}), object_state::as_wanted);
    EXPECT_EQ(state_of(expectation::absent, aid, {}, 0x9000, loaded), object_state::otherwise);
    EXPECT_EQ(state_of(expectation::selectable, aid, {}, 0x9000, octets("e30c4f06a000000001019f700103")),
              object_state::otherwise);
    EXPECT_EQ(state_of(expectation::selectable, aid, {}, 0x9000, octets("e30c4f06a000000001019f700187")),
              object_state::otherwise);  // locked
    EXPECT_EQ(state_of(expectation::selectable, aid, {}, 0x9000, octets("e30c4f06a000000001019f70010f")),
              object_state::as_wanted);
    EXPECT_EQ(state_of(expectation::loaded, aid, version, 0x9000, octets("e303")), object_state::unreadable);
}

TEST(script_answer, of_both_formats) {
    const auto given = octets("02900001");
    const auto compact = parse_script_answer(script_format::compact, given).value();
    EXPECT_EQ(compact.executed, 2);
    EXPECT_EQ(to_hex(compact.data), "01");
    const auto expanded =
        parse_script_answer(script_format::expanded, octets("ab0d800103230290002304ffff6a82")).value();
    EXPECT_EQ(expanded.executed, 2);  // the third element was no command
    EXPECT_EQ(expanded.status_word, 0x6a82);
    EXPECT_FALSE(parse_script_answer(script_format::expanded, octets("02900001")));
    EXPECT_FALSE(parse_script_answer(script_format::expanded, {}));
    EXPECT_EQ(parse_script_answer(script_format::expanded, octets("ab06800100830101"))->refused, 0x8301);
    EXPECT_EQ(parse_script_answer(script_format::expanded, octets("ab06800100900102"))->refused, 0x9002);
}

}  // namespace
}  // namespace tessera::operations
