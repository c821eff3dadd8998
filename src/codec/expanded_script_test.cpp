#include "codec/expanded_script.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::codec {
namespace {

bytes octets(std::string_view hex) { return from_hex(hex).value(); }

std::string written(const expanded_script& script) {
    bytes out;
    append_expanded_script(out, script);
    return to_hex(out);
}
std::string written(const expanded_response& response) {
    bytes out;
    append_expanded_response(out, response);
    return to_hex(out);
}

TEST(expanded_script, commands_stand_in_a_template_each_in_a_tlv) {
    const auto select = octets("00a40004023f00");
    const auto read = octets("00b0000010");
    const std::vector<script_element> elements{{script_tag::command, select}, {script_tag::command, read}};
    EXPECT_EQ(written(expanded_script{.indefinite = false, .elements = elements}),
              "aa10220700a40004023f00220500b0000010");
    EXPECT_EQ(written(expanded_script{.indefinite = true, .elements = elements}),
              "ae80220700a40004023f00220500b00000100000");
}

TEST(expanded_script, is_read_as_it_was_written) {
    const bytes command(200, 0x11);
    const auto chain = octets("01");
    const auto action = octets("8130");
    for (const bool indefinite : {false, true}) {
        const expanded_script script{.indefinite = indefinite,
                                     .elements = {{script_tag::chaining, chain},
                                                  {script_tag::immediate_action, action},
                                                  {script_tag::error_action, {}},
                                                  {script_tag::command, command}}};
        const auto out = octets(written(script));
        const auto read = parse_expanded_script(out);
        ASSERT_TRUE(read) << to_string(read.error());
        EXPECT_EQ(read->indefinite, indefinite);
        ASSERT_EQ(read->elements.size(), 4U);
        EXPECT_EQ(read->elements[3].value.size(), 200U);
        EXPECT_EQ(written(*read), to_hex(out));
    }
}

TEST(expanded_script, faults_are_told_as_the_bad_format_tlv_tells_them) {
    struct fault {
        const char* script;
        script_fault what;
    };
    for (const auto& [script, what] : {fault{"a1020000", script_fault::unknown_tag},
                                       {"", script_fault::unknown_tag},
                                       {"aa", script_fault::length_not_found},
                                       {"aa0524039000", script_fault::wrong_length},
                                       {"aa03240190", script_fault::unknown_tag},
                                       {"aa0122", script_fault::length_not_found},
                                       {"aa0322ff00", script_fault::length_not_found},
                                       {"aa0222850000", script_fault::wrong_length},
                                       {"ae0122", script_fault::wrong_length},
                                       {"ae8022010000", script_fault::unknown_tag},
                                       {"ae80000000", script_fault::wrong_length}}) {
        const auto read = parse_expanded_script(octets(script));
        ASSERT_FALSE(read) << script;
        EXPECT_EQ(fault_of(read.error()), what) << script << " " << to_string(read.error());
    }
}

TEST(expanded_script, chaining_stands_first_with_a_value_that_is_known) {
    for (const std::string_view good : {"aa03830101", "aa03830111", "aa03830102", "aa03830103"})
        EXPECT_TRUE(parse_expanded_script(octets(good))) << good;
    for (const std::string_view bad : {"aa03830104", "aa0283 00", "aa0822030000008301 01"}) {
        std::string hex(bad);
        std::erase(hex, ' ');
        const auto read = parse_expanded_script(octets(hex));
        ASSERT_FALSE(read) << hex;
        EXPECT_EQ(read.error().code, "bad_chaining");
    }
}

TEST(expanded_script, holds_256_elements_and_no_more) {
    bytes contents;
    for (int i = 0; i < 256; ++i) append(contents, octets("2200"));
    bytes script = octets("aa820200");
    append(script, contents);
    EXPECT_TRUE(parse_expanded_script(script));
    script = octets("aa820202");
    append(script, contents);
    append(script, octets("2200"));
    const auto refused = parse_expanded_script(script);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "too_many_commands");
}

// A published answer: one command, 9000.
TEST(expanded_response, published_example) {
    const auto data = octets("ab0780010123029000");
    const auto read = parse_expanded_response(data);
    ASSERT_TRUE(read) << to_string(read.error());
    EXPECT_EQ(read->executed, 1U);
    ASSERT_EQ(read->responses.size(), 1U);
    EXPECT_EQ(read->responses[0].status_word, 0x9000);
    EXPECT_TRUE(read->responses[0].data.empty());
    EXPECT_EQ(written(*read), to_hex(data));
}

TEST(expanded_response, both_lengths_all_fields) {
    expanded_response made;
    const auto data = octets("0102");
    made.executed = 300;
    made.responses = {{data, 0x9000}, {{}, 0x6a82}};
    made.bad_format = 1;
    made.chaining = 2;
    EXPECT_EQ(written(made), "ab148002012c23040102900023026a82900101830102");
    made.indefinite = true;
    EXPECT_EQ(written(made), "af808002012c23040102900023026a829001018301020000");
    const auto out = octets(written(made));
    const auto again = parse_expanded_response(out);
    ASSERT_TRUE(again) << to_string(again.error());
    EXPECT_EQ(again->executed, 300U);
    EXPECT_EQ(again->responses[1].status_word, 0x6a82);
    EXPECT_EQ(again->bad_format, 1);
    EXPECT_EQ(again->chaining, 2);
}

TEST(expanded_response, what_is_broken_is_refused) {
    for (const std::string_view bad :
         {"", "ab", "ab0123", "ab03230190", "ab0780010123029000ff", "af80230290", "029000", "ab028000", "ab0490020101"})
        EXPECT_FALSE(parse_expanded_response(octets(bad))) << bad;
}

}  // namespace
}  // namespace tessera::codec
