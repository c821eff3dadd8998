#include "codec/remote_management.h"

#include <array>

namespace tessera::codec {
namespace {

enum class shape : std::uint8_t { unknown, with_data, with_expected };

// What follows P1 P2, by instruction: ETSI TS 102 221 table 10.5, GlobalPlatform card specification clause 11. The
// command of case 4 has its Lc and data only, since the compact format returns the last command's data anyway.
constexpr auto shapes = [] {
    std::array<shape, 256> table{};
    for (const int ins : {0xb0, 0xb2, 0xf2, 0xc0, 0x12, 0x70, 0x84, 0xca}) {
        table[static_cast<std::size_t>(ins)] = shape::with_expected;
    }
    for (const int ins : {0xa4, 0xd6, 0xdc, 0x20, 0xa2, 0x32, 0x24, 0x26, 0x28, 0x2c, 0x04, 0x44, 0x88,
                          0x10, 0x14, 0xc2, 0xe0, 0xd4, 0xe4, 0xe6, 0xe8, 0xd8, 0xf0, 0xda, 0xe2, 0xfe}) {
        table[static_cast<std::size_t>(ins)] = shape::with_data;
    }
    return table;
}();

constexpr std::size_t commands_max = 256;

// STATUS (TS 102 221 clause 11.1.2) and GET STATUS (GlobalPlatform clause 11.4) share class and instruction; only the
// second names a kind of object in the high half of P1, and has search criteria as data.
shape shape_of(std::uint8_t cla, std::uint8_t ins, std::uint8_t p1) {
    if (ins == instruction::status && (cla & 0x80U) != 0 && cla != 0xa0 && (p1 & 0xf0U) != 0) return shape::with_data;
    return shapes[ins];
}

}  // namespace

result<command_apdu> take_compact_command(byte_view& script) {
    constexpr std::size_t header = 5;
    if (script.size() < header) return failure("truncated", "script", "the command ends before its fifth octet");
    command_apdu command{.cla = script[0], .ins = script[1], .p1 = script[2], .p2 = script[3]};
    const std::uint8_t p3 = script[4];
    switch (shape_of(command.cla, command.ins, command.p1)) {
        case shape::unknown:
            return failure("unknown_instruction", "script",
                           "no telling where the command ends: instruction " + std::to_string(command.ins) +
                               " is not one of remote management");
        case shape::with_expected:
            command.expected = p3 == 0 ? 256 : p3;
            script = script.subspan(header);
            return command;
        case shape::with_data:
            break;
    }
    if (script.size() < header + p3)
        return failure(
            "truncated", "script",
            "Lc says " + std::to_string(p3) + " octets, " + std::to_string(script.size() - header) + " are there");
    command.data = script.subspan(header, p3);
    script = script.subspan(header + p3);
    return command;
}

result<std::vector<command_apdu>> parse_compact_script(byte_view script) {
    std::vector<command_apdu> commands;
    while (!script.empty()) {
        const auto field = "script command " + std::to_string(commands.size() + 1);
        if (commands.size() == commands_max)
            return failure("too_many_commands", field, "a script holds at most 256 commands");
        auto command = take_compact_command(script);
        if (!command) return failure(command.error().code, field, std::move(command.error().message));
        commands.push_back(*command);
    }
    return commands;
}

result<compact_response> parse_compact_response(byte_view data) {
    if (data.empty() || (data.size() == 1 && data[0] == 0)) return compact_response{};
    byte_reader reader(data);
    compact_response response;
    response.executed = reader.u8();
    response.status_word = reader.u16();
    if (reader.failed())
        return failure(
            "truncated", "response",
            "expected the number of commands and a status word, 3 octets; got " + std::to_string(data.size()));
    response.data = reader.rest();
    return response;
}

void append_compact_response(bytes& out, const compact_response& response) {
    out.push_back(response.executed);
    append_big_endian(out, response.status_word, 2);
    append(out, response.data);
}

}  // namespace tessera::codec
