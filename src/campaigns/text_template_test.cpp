#include "campaigns/text_template.h"

#include <gtest/gtest.h>

namespace tessera::campaigns {
namespace {

std::string filled(std::string_view text) {
    const auto made = text_template::parse(text);
    if (!made) return "! " + made.error().message;
    const auto found = made->fill([](std::string_view name) -> std::optional<std::string> {
        if (name == "imsi") return "001010000000001";
        if (name == "label") return "Ab";
        return std::nullopt;
    });
    return found ? *found : "? " + found.error().code + " " + found.error().field;
}

TEST(text_template, variables_stand_for_what_the_card_has) {
    EXPECT_EQ(filled("plain"), "plain");
    EXPECT_EQ(filled("a{{imsi}}b{{ label }}"), "a001010000000001bAb");
    EXPECT_EQ(filled("{{imsi|bcd}}"), "00010100000000f1");
    EXPECT_EQ(filled("{{label|hex}}"), "4162");
    EXPECT_EQ(filled("{{other}}"), "? no_variable other");
    EXPECT_EQ(filled("{{label|bcd}}"), "? bad_variable label");
}

TEST(text_template, what_is_none_is_refused) {
    for (const auto* text : {"{{", "{{imsi", "{{}}", "{{Imsi}}", "{{1a}}", "{{a b}}", "{{imsi|}}", "{{imsi|upper}}",
                             "{{abcdefghijklmnopqrstuvwxy}}"})
        EXPECT_EQ(filled(text).front(), '!') << text;
    EXPECT_EQ(filled("}}{"), "}}{");
}

}  // namespace
}  // namespace tessera::campaigns
