#include "codec/uicc_text.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace tessera::codec {
namespace {

std::string encoded(std::string_view text, std::size_t octets) {
    const auto made = encode_text(text, octets);
    return made ? to_hex(*made) : made.error().message;
}

std::string decoded(std::string_view hex) {
    const auto made = decode_text(from_hex(hex).value());
    return made ? *made : made.error().code;
}

TEST(uicc_text, takes_the_shortest_coding_that_every_phone_reads) {
    struct example {
        const char* text;
        std::size_t octets;
        const char* content;
    };
    for (const auto& [text, octets, content] : {
             example{"Tessera", 8, "54657373657261ff"},
             {"", 2, "ffff"},
             {"@£_§à", 5, "0001115f7f"},
             {"[€]", 6, "1b3c1b651b3e"},
             {"Привет", 13, "80041f04400438043204350442"},
             {"Привет", 15, "80041f04400438043204350442ffff"},
             // Two octets a letter do not fit: the half page of 128 letters from 0400 (81), GSM's own as they are.
             {"Привет 1", 12,
              "81080"
              "89fc0b8b2b5c22031ff"},
             {"Привет 1", 11, "8108089fc0b8b2b5c22031"},
             // Letters of two half pages that lie less than 128 apart: a base of their own (82).
             {"ѲҐѲҐѲҐѲҐ", 12, "82080472809e809e809e809e"},
         }) {
        EXPECT_EQ(encoded(text, octets), content) << text;
        EXPECT_EQ(decoded(content), text);
    }
}

// ETSI TS 102 221 annex A, examples 2 (whose last character is left open: S here) and 3.
TEST(uicc_text, reads_the_examples_of_the_standard) {
    EXPECT_EQ(decoded("8105135395a60053ffff"), "S\u0995\u09a6@S");
    EXPECT_EQ(decoded("820505302d82d32d31"), "-\u0532\u0583-1");
}

TEST(uicc_text, that_does_not_fit_or_is_none_is_refused) {
    EXPECT_EQ(encoded("Tessera", 6), "takes 7 octets, there is room for 6");
    EXPECT_EQ(encoded("[", 1), "takes 2 octets, there is room for 1");
    EXPECT_EQ(encoded("日本", 4), "takes 5 octets, there is room for 4");
    EXPECT_EQ(encoded("ab😀", 20), "character 3 cannot be written on a card (beyond UCS2)");
    for (const auto* text : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "a\x80"})
        EXPECT_EQ(encoded(text, 20), "expected a text in UTF-8");
    EXPECT_EQ(encoded("\xef\xbf\xbf", 20), "character 1 cannot be written on a card (beyond UCS2)");
}

TEST(uicc_text, that_no_coding_allows_is_refused) {
    for (const auto* content : {"41a0", "1b", "1b41", "1bff", "80d83d", "8103", "810210", "82020500", "8101101b",
                                "8201fff0ff", "8201d800c0", "83"})
        EXPECT_EQ(decoded(content), "bad_content") << content;
    EXPECT_EQ(decoded("80"), "");
    EXPECT_EQ(decoded("80004100"), "A");
    EXPECT_EQ(decoded("41ff42"), "A");
}

}  // namespace
}  // namespace tessera::codec
