#include "sim/terminal_agent.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "sim/limits.h"

namespace tessera::sim {
namespace {

using codec::setting_command;

bytes set(std::string_view name, std::string_view content) {
    bytes out;
    codec::append_setting_command(out, {setting_command::kind::set, name, as_bytes(content), 0, 0});
    return out;
}
bytes get(std::string_view name, std::uint16_t offset, std::uint16_t length) {
    bytes out;
    codec::append_setting_command(out, {setting_command::kind::get, name, {}, offset, length});
    return out;
}
std::string told(const terminal_agents::outcome& made) {
    bytes status;
    append_big_endian(status, made.status_word, 2);
    return std::to_string(made.executed) + " " + to_hex(status) + " " + std::string(as_text(made.data));
}

TEST(terminal_agent, answers_as_the_document_has_it) {
    terminal_agents agents;
    auto script = set("apn", "net");
    append(script, get("apn", 0, 4));
    EXPECT_EQ(told(agents.run(1, script)), "2 9000 net");
    EXPECT_EQ(told(agents.run(1, get("apn", 1, 100))), "1 9000 et");
    EXPECT_EQ(told(agents.run(1, get("apn", 3, 1))), "1 9000 ");
    EXPECT_EQ(told(agents.run(1, get("apn", 4, 1))), "1 6b00 ");
    EXPECT_EQ(told(agents.run(1, get("mms", 0, 1))), "1 6a88 ");
    EXPECT_EQ(told(agents.run(2, get("apn", 0, 1))), "1 6a88 ");  // another terminal
    EXPECT_EQ(told(agents.run(1, from_hex("030000").value())), "1 6d00 ");
    EXPECT_EQ(told(agents.run(1, from_hex("0100020241").value())), "1 6a80 ");
    EXPECT_EQ(told(agents.run(1, {})), "0 9000 ");
}

TEST(terminal_agent, stops_at_the_first_failure_and_keeps_what_was_done_before) {
    terminal_agents agents;
    auto script = set("a", "1");
    append(script, get("b", 0, 1));
    append(script, set("c", "3"));
    EXPECT_EQ(told(agents.run(1, script)), "2 6a88 ");
    EXPECT_EQ(to_hex(agents.read(1, "a").content), "31");
    EXPECT_EQ(agents.read(1, "a").executed, 1U);
    EXPECT_EQ(agents.read(1, "c").executed, 0U);
}

TEST(terminal_agent, has_room_for_so_much_and_no_more) {
    terminal_agents agents;
    EXPECT_EQ(told(agents.run(1, set("a", std::string(limits::setting_octets, 'x')))), "1 9000 ");
    EXPECT_EQ(told(agents.run(1, set("a", std::string(limits::setting_octets + 1, 'x')))), "1 6a84 ");
    EXPECT_EQ(agents.read(1, "a").executed, 1U);
    for (std::size_t i = 1; i < limits::settings; ++i)
        EXPECT_EQ(told(agents.run(1, set("s" + std::to_string(i), "x"))), "1 9000 ");
    EXPECT_EQ(told(agents.run(1, set("more", "x"))), "1 6a84 ");
    EXPECT_EQ(told(agents.run(1, set("a", "y"))), "1 9000 ");  // one that is there
}

}  // namespace
}  // namespace tessera::sim
