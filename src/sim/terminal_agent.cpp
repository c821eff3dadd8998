#include "sim/terminal_agent.h"

#include <algorithm>

#include "sim/limits.h"

namespace tessera::sim {
namespace {

constexpr std::uint16_t done = 0x9000, no_such_setting = 0x6a88, no_room = 0x6a84, wrong_data = 0x6a80,
                        wrong_offset = 0x6b00, wrong_instruction = 0x6d00;

}  // namespace

std::uint16_t terminal_agents::set(settings& of, const codec::setting_command& command) {
    auto found = of.find(command.name);
    const bool full = found == of.end() && of.size() == limits::settings;
    if (full || command.content.size() > limits::setting_octets) return no_room;
    if (found == of.end()) found = of.try_emplace(std::string(command.name)).first;
    found->second.content = to_bytes(command.content);
    found->second.changed = true;
    return done;
}

std::uint16_t terminal_agents::get(const settings& of, const codec::setting_command& command, bytes& into) {
    const auto found = of.find(command.name);
    if (found == of.end()) return no_such_setting;
    const byte_view content = found->second.content;
    if (command.offset > content.size()) return wrong_offset;
    into = to_bytes(
        content.subspan(command.offset, std::min<std::size_t>(command.length, content.size() - command.offset)));
    return done;
}

terminal_agents::outcome terminal_agents::run(std::uint32_t terminal, byte_view script) {
    auto& held = terminals_[terminal];
    outcome made{0, done, {}};
    while (!script.empty() && made.status_word == done && made.executed < limits::script_commands) {
        made.data.clear();
        ++made.executed;
        const auto command = codec::take_setting_command(script);
        if (!command)
            made.status_word = command.error().code == "unknown_command" ? wrong_instruction : wrong_data;
        else if (command->what == codec::setting_command::kind::set)
            made.status_word = set(held, *command);
        else
            made.status_word = get(held, *command, made.data);
    }
    for (auto& [name, one] : held)
        if (std::exchange(one.changed, false)) ++one.executed;
    return made;
}

terminal_agents::reading terminal_agents::read(std::uint32_t terminal, std::string_view name) const {
    const auto held = terminals_.find(terminal);
    if (held == terminals_.end()) return {};
    const auto found = held->second.find(name);
    return found == held->second.end() ? reading{} : reading{found->second.content, found->second.executed};
}

}  // namespace tessera::sim
