#include "base/toml_screen.h"

#include <gtest/gtest.h>

#include <string>

namespace tessera {
namespace {

TEST(toml_screen, lets_pass_what_people_write) {
    for (const std::string text :
         {"", "\n", "a = 1", "[a]\n", "[[a]]\n", "[ a . b ]\n", "a.b = 1.5\n", "name = \"Zürich\"\n",
          "name = 'Zürich'\n", "# Zürich\nb = 2\r\n", "a = \"x # \xc3\xbc\" # \xc3\xbc\n", "a = \"\\\"\xc3\xbc\"\n",
          "[\"\xc3\xbc\"]\n", "a = [1, 2,\n  3]\n", "\xef\xbb\xbf# a byte order mark\n"})
        EXPECT_FALSE(screen_toml(text)) << text;
}

TEST(toml_screen, objects_to_foreign_letters_outside_quotes) {
    for (const std::string line : {"gr\xc3\xb6\xc3\x9f"
                                   "e = 1",
                                   "a = \xff", "[\xc3\xbc]", "a = \"x\" \xc3\xbc"}) {
        const auto objection = screen_toml("\n\n" + line);
        ASSERT_TRUE(objection) << line;
        EXPECT_EQ(objection->line, 3U);
    }
}

std::size_t refused_line(std::string_view text) {
    const auto objection = screen_toml(text);
    return objection ? objection->line : 0;
}

TEST(toml_screen, refuses_foreign_letters_outside_quotes) {
    EXPECT_EQ(refused_line("a = 1\nn\xc3\xa4me = 1\n"), 2U);
    EXPECT_EQ(refused_line("a = \"\xc3\xa4\"  # \xc3\xa4\n"), 0U);
    EXPECT_EQ(refused_line("a = [\"\xc3\xa4\",\"\xc3\xa4\", '\xc3\xa4']\n"), 0U);
    EXPECT_EQ(refused_line("a = 1list\"rge\xef\xbb\xb7\n"), 1U);  // a quote within a word begins no text
    EXPECT_EQ(refused_line("a = 1list\"rge\xef\xbb\xb7\"\n"), 1U);
}

}  // namespace
}  // namespace tessera
