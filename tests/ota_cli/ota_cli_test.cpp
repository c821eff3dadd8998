// The program `tessera ota` from outside: the published vectors, bad lines between good ones, and how it reads and
// writes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/limits.h"

namespace tessera {
namespace {

namespace json = boost::json;

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

pid_t start(const std::string& verb, posix_spawn_file_actions_t* actions) {
    std::array<std::string, 3> words = {TESSERA_PROGRAM, "ota", verb};
    std::array<char*, 4> arguments = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    pid_t pid = 0;
    EXPECT_EQ(posix_spawn(&pid, TESSERA_PROGRAM, actions, nullptr, arguments.data(), environ), 0);
    return pid;
}

int exit_status_of(pid_t pid) {
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct outcome {
    int exit_status = -1;
    std::string output;
    std::vector<json::object> answers;  // one per line
};

outcome run(const std::string& verb, const std::string& input) {
    static int count = 0;
    const auto base = std::filesystem::temp_directory_path() /
                      ("tessera-ota-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    const std::string in = base.string() + ".in";
    const std::string out = base.string() + ".out";
    std::ofstream(in, std::ios::binary) << input;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, in.c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    outcome result;
    result.exit_status = exit_status_of(start(verb, &actions));
    posix_spawn_file_actions_destroy(&actions);
    result.output = read_file(out);
    std::filesystem::remove(in);
    std::filesystem::remove(out);
    std::istringstream lines(result.output);
    for (std::string line; std::getline(lines, line);) result.answers.push_back(json::parse(line).as_object());
    return result;
}

std::vector<json::object> vectors(std::string_view direction) {
    std::vector<json::object> chosen;
    const auto file = json::parse(read_file(std::string(TESSERA_VECTORS) + "/ota.json"));
    for (const auto& vector : file.at("vectors").as_array())
        if (vector.at("direction").as_string() == direction) chosen.push_back(vector.as_object());
    return chosen;
}

std::string lines_of(const std::vector<json::object>& objects) {
    std::string lines;
    for (const auto& object : objects) lines += json::serialize(object) + "\n";
    return lines;
}

std::string error_code(const json::object& answer) {
    const auto* problem = answer.if_contains("error");
    return problem == nullptr ? "" : std::string(problem->at("code").as_string());
}

TEST(OtaProgram, EncodesEveryPublishedCommandAndDecodesItAgain) {
    const auto commands = vectors("command");
    const auto encoded = run("encode", lines_of(commands));
    ASSERT_EQ(encoded.exit_status, 0) << encoded.output;
    ASSERT_EQ(encoded.answers.size(), commands.size());
    std::vector<json::object> packets;
    std::vector<json::object> messages;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        SCOPED_TRACE(json::serialize(commands[i].at("id")));
        EXPECT_EQ(encoded.answers[i].at("packet"), commands[i].at("expected"));
        auto packet = commands[i];
        packet["packet"] = commands[i].at("expected");
        packets.push_back(packet);
        auto parts = encoded.answers[i].at("user_data").as_array();
        std::reverse(parts.begin(), parts.end());
        messages.push_back({{"user_data", parts}});
    }
    const auto decoded = run("decode-command", lines_of(packets));
    ASSERT_EQ(decoded.exit_status, 0) << decoded.output;
    const auto joined = run("reassemble", lines_of(messages));
    ASSERT_EQ(joined.exit_status, 0) << joined.output;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        SCOPED_TRACE(json::serialize(commands[i].at("id")));
        for (const auto* field : {"spi", "kic", "kid", "tar", "cntr", "apdu"})
            EXPECT_EQ(decoded.answers[i].at(field), commands[i].at(field)) << field;
        const bool checked = (std::stoi(std::string(commands[i].at("spi").as_string()), nullptr, 16) & 0x300) != 0;
        EXPECT_EQ(decoded.answers[i].at("verified"), checked ? json::value(true) : json::value(nullptr));
        EXPECT_EQ(joined.answers[i].at("packet"), commands[i].at("expected"));
    }
}

TEST(OtaProgram, DecodesEveryPublishedResponse) {
    for (const auto* form : {"packet", "short_message"}) {
        auto responses = vectors("response");
        for (auto& response : responses) response["packet"] = json::value(response.at(form));
        const auto decoded = run("decode-response", lines_of(responses));
        ASSERT_EQ(decoded.exit_status, 0) << decoded.output;
        ASSERT_EQ(decoded.answers.size(), responses.size());
        for (std::size_t i = 0; i < responses.size(); ++i) {
            SCOPED_TRACE(json::serialize(responses[i].at("id")));
            const auto& answer = decoded.answers[i];
            const auto& expected = responses[i].at("expected").as_object();
            for (const auto* field : {"status", "cntr", "pcntr", "tar", "data"})
                EXPECT_EQ(answer.at(field), expected.at(field)) << field;
            const bool checked = !expected.at("cc").as_string().empty();
            EXPECT_EQ(answer.at("secured").as_bool(), checked);
            EXPECT_EQ(answer.at("verified"), checked ? responses[i].at("conformant") : json::value(nullptr));
        }
    }
}

constexpr std::string_view good =
    R"({"spi":"0022","kic":"00","kid":"00","kic_key":null,"tar":"010203","cntr":"0000000000","apdu":"AABB"})";
constexpr std::string_view good_answer =
    R"({"packet":"00100d00220000010203000000000000aabb","user_data":["02700000100d00220000010203000000000000aabb"]})";

TEST(OtaProgram, ABadLineIsAnsweredInItsPlaceAndTheStreamGoesOn) {
    std::string input = std::string(good) + "\n{broken\n\n  \r\n" + std::string(good) + "\r\n";
    input += R"({"spi":"0022","kic":"00","kid":"00","tar":"0102","apdu":""})";
    input += "\n" + std::string(limits::json_line_octets * 3, '7') + "\n" + std::string(good);  // no line end
    const auto result = run("encode", input);
    EXPECT_EQ(result.exit_status, 1);
    ASSERT_EQ(result.answers.size(), 8U) << result.output;
    for (const std::size_t i : {1U, 2U, 3U}) EXPECT_EQ(error_code(result.answers[i]), "bad_json") << i;
    EXPECT_EQ(error_code(result.answers[5]), "bad_hex");
    EXPECT_EQ(result.answers[5].at("error").at("field").as_string(), "tar");
    EXPECT_EQ(error_code(result.answers[6]), "too_long");
    for (const std::size_t i : {0U, 4U, 7U}) EXPECT_EQ(json::serialize(result.answers[i]), good_answer) << i;
}

TEST(OtaProgram, NothingInGivesNothingOut) {
    const auto result = run("encode", "");
    EXPECT_EQ(result.exit_status, 0);
    EXPECT_EQ(result.output, "");
}

TEST(OtaProgram, ManyLinesAreAllAnswered) {
    std::string input;
    for (int i = 0; i < 100'000; ++i) input.append(good).push_back('\n');
    const auto result = run("encode", input);
    EXPECT_EQ(result.exit_status, 0);
    EXPECT_EQ(result.answers.size(), 100'000U);
}

TEST(OtaProgram, AnswersBeforeItWaitsForMore) {
    int to[2];
    int from[2];
    ASSERT_EQ(pipe2(to, O_CLOEXEC), 0);
    ASSERT_EQ(pipe2(from, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    const pid_t pid = start("encode", &actions);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    for (int turn = 0; turn < 3; ++turn) {
        const std::string line = std::string(good) + "\n";
        ASSERT_EQ(write(to[1], line.data(), line.size()), static_cast<ssize_t>(line.size()));
        std::string answer;
        for (char c = 0; read(from[0], &c, 1) == 1 && c != '\n';) answer.push_back(c);
        EXPECT_EQ(answer, good_answer);
    }
    close(to[1]);
    EXPECT_EQ(exit_status_of(pid), 0);
    close(from[0]);
}

TEST(OtaProgram, AnUnknownVerbIsWrongUsage) { EXPECT_EQ(run("explode", "").exit_status, 2); }

}  // namespace
}  // namespace tessera
