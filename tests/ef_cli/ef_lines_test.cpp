// One line of `tessera ef` at a time: what it takes, what it refuses, and in which words.
#include "tessera/ef_lines.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/hex.h"
#include "base/limits.h"
#include "tessera/ef_json.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

std::string answer(ef_verb verb, std::string_view line) {
    std::string out;
    answer_ef_line(verb, line, out);
    return out;
}

// "code field" of the refusal; empty if there was none.
std::string refused(ef_verb verb, std::string_view line) {
    const auto said = json::parse(answer(verb, line)).as_object();
    const auto* problem = said.if_contains("error");
    if (problem == nullptr) return {};
    EXPECT_FALSE(problem->at("message").as_string().empty());
    return std::string(problem->at("code").as_string()) + " " + std::string(problem->at("field").as_string());
}

TEST(EfCatalogue, EveryExampleIsEncodedAndDecodedAsItStands) {
    for (const auto& file : codec::uicc_files()) {
        SCOPED_TRACE(codec::name_of(file));
        const auto value = file_value_from(json::parse(file.example));
        ASSERT_TRUE(value) << value.error().message;
        const auto content = codec::encode_file(file, *value);
        ASSERT_TRUE(content) << to_string(content.error());
        EXPECT_EQ(to_hex(*content), file.example_content);
        const auto back = codec::decode_file(file, *content);
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(to_json(*back), json::parse(file.example));
    }
}

TEST(EfLines, NameTheFieldAtFault) {
    const auto encode = [](std::string_view line) { return refused(ef_verb::encode, line); };
    const auto decode = [](std::string_view line) { return refused(ef_verb::decode, line); };
    EXPECT_EQ(encode(R"({"value":1})"), "missing_field file");
    EXPECT_EQ(encode(R"({"file":1,"value":1})"), "bad_type file");
    EXPECT_EQ(encode(R"({"file":"SPNX","value":1})"), "bad_path file");
    EXPECT_EQ(encode(R"({"file":"7f20/6f99","value":1})"), "unknown_file file");
    EXPECT_EQ(encode(R"({"file":"SPN"})"), "missing_field value");
    EXPECT_EQ(encode(R"({"file":"SPN","value":null})"), "missing_field value");
    EXPECT_EQ(encode(R"({"file":"SPN","value":{"display":null}})"), "bad_value value.display");
    EXPECT_EQ(encode(R"({"file":"HPPLMN","value":6.5})"), "bad_value value");
    EXPECT_EQ(encode(R"({"file":"ACC","value":[1,18446744073709551615]})"), "bad_value value[1]");
    EXPECT_EQ(encode(R"({"file":"SPN","value":{"display":"x"},"length":18})"), "bad_length length");
    EXPECT_EQ(encode(R"({"file":"SPN","value":{"display":"x"},"length":"long"})"), "bad_type length");
    EXPECT_EQ(encode(R"({"file":"FPLMN","value":[],"length":-3})"), "bad_range length");
    EXPECT_EQ(decode(R"({"file":"SPN"})"), "missing_field content");
    EXPECT_EQ(decode(R"({"file":"SPN","content":"0"})"), "bad_hex content");
    EXPECT_EQ(decode(R"({"file":"SPN","content":"00"})"), "bad_length content");
    EXPECT_EQ(decode(R"({"file":"HPPLMN","content":"ff"})"), "bad_content content");
    for (const auto* line : {"", "7", "[]", "{", "{}x", "\xff"}) EXPECT_EQ(encode(line), "bad_json ") << line;
    EXPECT_EQ(encode(std::string(limits::json_line_octets + 1, ' ')), "too_long ");
}

TEST(EfLines, ValuesTooDeepAreRefused) {
    const auto nested = [](std::size_t depth) {
        return R"({"file":"SPN","value":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    EXPECT_NE(answer(ef_verb::encode, nested(limits::file_value_depth + 2)).find("too deep"), std::string::npos);
    EXPECT_EQ(refused(ef_verb::encode, nested(20'000)), "bad_json ");
}

TEST(EfLines, KeepTheNameThatWasAsked) {
    EXPECT_EQ(answer(ef_verb::decode, R"({"file":"3f00/7fff/6f31","content":"05"})"),
              R"({"file":"3f00/7fff/6f31","value":30})");
}

TEST(EfLines, TextsOfAllScriptsComeBack) {
    for (const auto* text : {"Tessera", "Téléphone", "Привет", "日本電信", "€ 1"}) {
        const json::object line{{"file", "SPN"}, {"value", {{"display", text}, {"flags", 0}}}};
        const auto content = answer(ef_verb::encode, json::serialize(line));
        EXPECT_EQ(json::parse(answer(ef_verb::decode, content)), json::value(line));
    }
}

}  // namespace
}  // namespace tessera::app
