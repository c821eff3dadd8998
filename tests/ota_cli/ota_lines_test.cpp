// One line of `tessera ota` at a time: what it takes, what it refuses, and in which words.
#include "tessera/ota_lines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/limits.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

const json::object aes = {{"spi", "1639"},
                          {"kic", "12"},
                          {"kid", "12"},
                          {"kic_key", "200102030405060708090a0b0c0d0e0f"},
                          {"kid_key", "201102030405060708090a0b0c0d0e0f"},
                          {"tar", "b00010"},
                          {"cntr", "0000000001"},
                          {"apdu", "00a40004023f00"}};

json::object ask(ota_verb verb, const json::object& line) {
    return json::parse(answer_line(verb, json::serialize(line))).as_object();
}

template <class Value>
json::object with(json::object line, std::string_view field, const Value& value) {
    line[field] = json::value_from(value);
    return line;
}

// "code field" of the refusal; empty if there was none.
std::string refused(ota_verb verb, const json::object& line) {
    const auto answer = ask(verb, line);
    const auto* problem = answer.if_contains("error");
    if (problem == nullptr) return {};
    EXPECT_FALSE(problem->at("message").as_string().empty());
    return std::string(problem->at("code").as_string()) + " " + std::string(problem->at("field").as_string());
}

const std::string select_mf = "00a40004023f00";
const std::string read_16 = "00b0000010";

// What a packet of this line carries.
std::string script_in(const json::object& line) {
    const auto packet = ask(ota_verb::encode, line);
    EXPECT_TRUE(packet.contains("packet")) << json::serialize(packet);
    if (!packet.contains("packet")) return {};
    auto back = aes;
    back["packet"] = packet.at("packet");
    return std::string(ask(ota_verb::decode_command, back).at("apdu").as_string());
}

TEST(Encode, PutsCommandsIntoTheFormatThatIsAskedFor) {
    auto line = aes;
    line.erase("apdu");
    line["apdus"] = {select_mf, read_16};
    EXPECT_EQ(script_in(line), select_mf + read_16);
    line["format"] = "compact";
    EXPECT_EQ(script_in(line), select_mf + read_16);
    line["format"] = "expanded";
    const auto expanded = "2207" + select_mf + "2205" + read_16;
    EXPECT_EQ(script_in(line), "aa10" + expanded);
    line["indefinite"] = true;
    EXPECT_EQ(script_in(line), "ae80" + expanded + "0000");
    line["indefinite"] = false;
    line["chaining"] = "first";
    EXPECT_EQ(script_in(line), "aa13830101" + expanded);
    line.erase("chaining");
    line.erase("apdus");
    line["apdu"] = select_mf + read_16;
    EXPECT_EQ(script_in(line), "aa10" + expanded);
}

TEST(Encode, ScriptsNameTheFieldAtFault) {
    const auto code = [](std::string_view field, const json::value& value) {
        auto line = aes;
        line.erase("apdu");
        line["apdus"] = {select_mf};
        line["format"] = "expanded";
        line[field] = value;
        return refused(ota_verb::encode, line);
    };
    EXPECT_EQ(code("format", "extended"), "bad_value format");
    EXPECT_EQ(code("format", 1), "bad_type format");
    EXPECT_EQ(code("apdus", json::array{}), "bad_length apdus");
    EXPECT_EQ(code("apdus", json::array{select_mf, "0g"}), "bad_hex apdus[1]");
    EXPECT_EQ(code("apdus", json::array{1}), "bad_type apdus[0]");
    EXPECT_EQ(code("apdus", json::value(json::string_view(select_mf))), "bad_type apdus");
    EXPECT_EQ(code("apdu", json::value(json::string_view(select_mf))), "bad_value apdu");
    EXPECT_EQ(code("chaining", "next"), "bad_value chaining");
    EXPECT_EQ(code("indefinite", 1), "bad_type indefinite");
    auto compact = aes;
    compact["chaining"] = "first";
    EXPECT_EQ(refused(ota_verb::encode, compact), "bad_value chaining");
}

TEST(DecodeCommand, TellsTheCommandsOfAScript) {
    auto line = aes;
    line.erase("apdu");
    line["apdus"] = {select_mf, read_16};
    line["format"] = "expanded";
    line["chaining"] = "last";
    auto back = aes;
    back["packet"] = ask(ota_verb::encode, line).at("packet");
    back["format"] = "expanded";
    const auto found = ask(ota_verb::decode_command, back);
    EXPECT_EQ(json::serialize(found.at("apdus")), "[\"" + select_mf + "\",\"" + read_16 + "\"]");
    EXPECT_EQ(found.at("chaining").as_string(), "last");
    back["format"] = "compact";
    EXPECT_EQ(refused(ota_verb::decode_command, back).substr(0, 10), "bad_script");
}

TEST(Encode, NamesTheFieldAtFault) {
    const auto code = [](std::string_view field, const auto& value) {
        return refused(ota_verb::encode, with(aes, field, value));
    };
    EXPECT_EQ(code("spi", nullptr), "missing_field spi");
    EXPECT_EQ(code("spi", 1639), "bad_type spi");
    EXPECT_EQ(code("kic", "1"), "bad_hex kic");
    EXPECT_EQ(code("kid", "1g"), "bad_hex kid");
    EXPECT_EQ(code("kid", "10"), "unsupported_algorithm kid");
    EXPECT_EQ(code("tar", "b000"), "bad_hex tar");
    EXPECT_EQ(code("cntr", "1"), "bad_hex cntr");
    EXPECT_EQ(code("apdu", nullptr), "missing_field apdu");
    EXPECT_EQ(code("apdu", "0"), "bad_hex apdu");
    EXPECT_EQ(code("apdu", std::string(70'000, '0')), "too_long apdu");
    EXPECT_EQ(code("kic_key", "2001"), "bad_key kic_key");
    EXPECT_EQ(code("kid_key", std::string(130, '0')), "bad_key kid_key");
    EXPECT_EQ(code("kid_key", ""), "bad_key kid_key");
    EXPECT_EQ(code("kid_key", std::string(31, '0')), "bad_hex kid_key");
    EXPECT_EQ(code("cc_len", 6), "bad_checksum_length cc_len");
    EXPECT_EQ(code("cc_len", 0), "bad_checksum_length cc_len");
    EXPECT_EQ(code("cc_len", "eight"), "bad_checksum_length cc_len");
    EXPECT_EQ(code("reference", 256), "bad_range reference");
    EXPECT_EQ(code("spi", "1739"), "unsupported_algorithm spi");
    EXPECT_EQ(code("cntr", "ffffffffff"), "");
}

TEST(Encode, NeverRepeatsAKey) {
    const std::string key = "feedfacefeedfacefeedfacefeedface";
    for (const auto* field : {"kic_key", "kid_key"})
        for (const auto& text : {key + "00", key.substr(1), key.substr(2) + "zz"}) {
            const auto answer = answer_line(ota_verb::encode, json::serialize(with(aes, field, text)));
            EXPECT_NE(answer.find("error"), std::string::npos);
            EXPECT_EQ(answer.find("feed"), std::string::npos) << answer;
        }
}

TEST(Encode, TakesWhatIsHarmless) {
    const auto plain = ask(ota_verb::encode, aes);
    EXPECT_EQ(ask(ota_verb::encode, with(aes, "cc_len", "8")), plain);
    EXPECT_EQ(ask(ota_verb::encode, with(aes, "spi", "1639")), plain);
    EXPECT_EQ(ask(ota_verb::encode, with(aes, "unknown", json::object{{"deep", 1}})), plain);
    auto upper = with(aes, "tar", "B00010");
    EXPECT_EQ(ask(ota_verb::encode, upper), plain);
    EXPECT_FALSE(plain.contains("warnings"));
    auto clear = with(with(with(aes, "spi", "0000"), "kic_key", nullptr), "cc_len", -3);
    clear.erase("kid_key");
    clear.erase("cntr");
    clear.erase("kic");
    EXPECT_EQ(ask(ota_verb::encode, clear).at("packet").as_string(),
              "00150d000000"
              "12b0001000000000000000a40004023f00");
}

TEST(Encode, WarnsOfAesWithoutCounterAndOfACounterThatIsNone) {
    const auto answer = ask(ota_verb::encode, with(aes, "spi", "0639"));
    ASSERT_TRUE(answer.contains("warnings"));
    EXPECT_EQ(answer.at("warnings").as_array().size(), 2U);
}

TEST(Encode, LongPacketsGoInPartsUnderTheReferenceGiven) {
    const auto answer = ask(ota_verb::encode, with(with(aes, "apdu", std::string(600, 'a')), "reference", 0x2a));
    const auto& parts = answer.at("user_data").as_array();
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_TRUE(std::string_view(parts[0].as_string()).starts_with("0700032a03017000"));
    EXPECT_TRUE(std::string_view(parts[1].as_string()).starts_with("0500032a0302"));
    EXPECT_EQ(parts[0].as_string().size(), 280U);
}

TEST(DecodeCommand, TellsAWrongKeyByVerified) {
    const auto packet = ask(ota_verb::encode, aes).at("packet");
    auto line = with(aes, "packet", packet);
    EXPECT_EQ(ask(ota_verb::decode_command, line).at("verified"), true);
    EXPECT_EQ(ask(ota_verb::decode_command, with(line, "kid_key", std::string(32, '0'))).at("verified"), false);
    EXPECT_EQ(ask(ota_verb::decode_command, with(line, "kic_key", std::string(32, '0'))).at("verified"), false);
    line["packet"] = "027000" + std::string(packet.as_string());
    EXPECT_EQ(ask(ota_verb::decode_command, line).at("verified"), true);
    EXPECT_EQ(refused(ota_verb::decode_command, with(line, "packet", "0010")), "truncated packet");
}

TEST(DecodeResponse, AnUnsecuredErrorIsNotSecuredAndSaysSo) {
    auto line = with(aes, "packet", "000b0ab0001000000000000006");
    const auto answer = ask(ota_verb::decode_response, line);
    EXPECT_EQ(answer.at("secured"), false);
    EXPECT_EQ(answer.at("verified"), nullptr);
    EXPECT_EQ(answer.at("status"), 6);
    EXPECT_EQ(answer.at("data"), "");
    EXPECT_EQ(answer.at("warnings").as_array().size(), 1U);
    line["spi"] = "1600";
    EXPECT_FALSE(ask(ota_verb::decode_response, line).contains("warnings"));
}

TEST(SegmentAndReassemble, AreInversesWithBothReferences) {
    for (const std::size_t octets : {1U, 137U, 138U, 1000U, 30'000U})
        for (const int bits : {8, 16}) {
            const std::string packet(2 * octets, 'c');
            const auto cut =
                ask(ota_verb::segment,
                    {{"packet", packet}, {"reference", bits == 8 ? 200 : 40'000}, {"reference_bits", bits}});
            auto parts = cut.at("user_data").as_array();
            std::rotate(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(parts.size() / 2), parts.end());
            parts.push_back(json::value(parts[0]));  // twice the same is harmless
            EXPECT_EQ(ask(ota_verb::reassemble, {{"user_data", parts}}).at("packet").as_string(), packet);
        }
}

TEST(Segment, RefusesWhatCannotBeSent) {
    EXPECT_EQ(refused(ota_verb::segment, {{"packet", ""}}), "bad_length packet");
    EXPECT_EQ(refused(ota_verb::segment, {{"packet", std::string(80'000, '0')}}), "too_long packet");
    EXPECT_EQ(refused(ota_verb::segment, {{"packet", "00"}, {"reference", 256}}), "bad_range reference");
    EXPECT_EQ(refused(ota_verb::segment, {{"packet", "00"}, {"reference", -1}}), "bad_range reference");
    EXPECT_EQ(refused(ota_verb::segment, {{"packet", "00"}, {"reference", 1.5}}), "bad_range reference");
    EXPECT_EQ(refused(ota_verb::segment, {{"packet", "00"}, {"reference_bits", 12}}), "bad_range reference_bits");
}

TEST(Reassemble, SaysWhichPartIsMissingOrWrong) {
    const auto cut = [](int reference) {
        return ask(ota_verb::segment, {{"packet", std::string(1000, 'c')}, {"reference", reference}})
            .at("user_data")
            .as_array();
    };
    auto parts = cut(5);
    ASSERT_EQ(parts.size(), 4U);
    auto incomplete = parts;
    incomplete.erase(incomplete.begin() + 1);
    const auto answer = ask(ota_verb::reassemble, {{"user_data", incomplete}});
    EXPECT_EQ(answer.at("error").at("code"), "missing_part");
    EXPECT_NE(answer.at("error").at("message").as_string().find("missing: 2"), json::string::npos);
    auto mixed = parts;
    mixed[2] = cut(6)[2];
    EXPECT_EQ(refused(ota_verb::reassemble, {{"user_data", mixed}}), "bad_reference user_data[3]");
    mixed[2] = "027000aabb";
    EXPECT_EQ(refused(ota_verb::reassemble, {{"user_data", mixed}}), "bad_part user_data[3]");
    mixed[2] = parts[0];
    mixed[2].as_string().back() = 'd';
    EXPECT_EQ(refused(ota_verb::reassemble, {{"user_data", mixed}}), "bad_part user_data[3]");
    mixed[2] = json::string(282, '0');
    EXPECT_EQ(refused(ota_verb::reassemble, {{"user_data", mixed}}), "too_long user_data[3]");
    mixed[2] = 7;
    EXPECT_EQ(refused(ota_verb::reassemble, {{"user_data", mixed}}), "bad_type user_data[3]");
    EXPECT_EQ(refused(ota_verb::reassemble, {{"user_data", json::array{}}}), "missing_part user_data");
    EXPECT_EQ(refused(ota_verb::reassemble, {{"user_data", "00"}}), "bad_type user_data");
    EXPECT_EQ(refused(ota_verb::reassemble, {{"user_data", {""}}}), "truncated user_data[1]");
}

TEST(Lines, RefusesWhatIsNoObject) {
    for (const auto* line : {"", "7", "[]", "null", "{", "{}x", "{\"a\":1}{\"a\":1}", "\xff\xfe"})
        EXPECT_NE(answer_line(ota_verb::encode, line).find("bad_json"), std::string::npos) << line;
    EXPECT_NE(answer_line(ota_verb::encode, std::string(100, '[')).find("bad_json"), std::string::npos);
    EXPECT_NE(answer_line(ota_verb::encode, std::string(limits::json_line_octets + 1, ' ')).find("too_long"),
              std::string::npos);
}

TEST(LineSplitter, GivesTheSameLinesWhateverThePieces) {
    const std::string text = "one\ntwo\r\n\n\r\nlast";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        line_splitter splitter;
        std::vector<std::string> lines;
        const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
        for (std::size_t at = 0; at < text.size(); at += piece)
            splitter.feed(std::string_view(text).substr(at, piece), keep);
        splitter.finish(keep);
        EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "", "", "last"})) << piece;
    }
}

TEST(LineSplitter, HoldsNoMoreThanOneLine) {
    line_splitter splitter;
    std::vector<std::size_t> sizes;
    const auto keep = [&](std::string_view line) { sizes.push_back(line.size()); };
    const std::string piece(65'536, 'x');
    for (int i = 0; i < 100; ++i) splitter.feed(piece, keep);
    splitter.feed("\nshort\n", keep);
    splitter.feed(std::string(limits::json_line_octets, 'y') + "\r\n", keep);
    ASSERT_EQ(sizes.size(), 3U);
    EXPECT_GT(sizes[0], limits::json_line_octets);
    EXPECT_LT(sizes[0], limits::json_line_octets + 8);
    EXPECT_EQ(sizes[1], 5U);
    EXPECT_EQ(sizes[2], limits::json_line_octets);
}

}  // namespace
}  // namespace tessera::app
