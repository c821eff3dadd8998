#include "base/toml_screen.h"

#include <gtest/gtest.h>

#include <string>

namespace tessera {
namespace {

std::size_t refused_line(std::string_view text) {
    const auto objection = screen_toml(text);
    return objection ? objection->line : 0;
}

TEST(toml_screen, lets_headers_pass) {
    for (const auto* text : {"[a]", "[[a]]", " [ a ]", "[[ a.b ]]", "[\"a b\"]", "['.']", "[_-9]", "a = [1]\n", ""})
        EXPECT_EQ(refused_line(text), 0U) << text;
}

// toml++ 3.3 asserts on each of them.
TEST(toml_screen, refuses_headers_without_a_name) {
    for (const auto* text : {"[", "[]", "[.]", "[[", "[[]]", "[[[a", "[ [a", "[=", "[#", "[\t", "[\x01", "[{", "[[ !"})
        EXPECT_EQ(refused_line(std::string("a = 1\n") + text), 2U) << text;
}

TEST(toml_screen, refuses_foreign_letters_outside_quotes) {
    EXPECT_EQ(refused_line("a = 1\nn\xc3\xa4me = 1\n"), 2U);
    EXPECT_EQ(refused_line("a = \"\xc3\xa4\"  # \xc3\xa4\n"), 0U);
}

}  // namespace
}  // namespace tessera
