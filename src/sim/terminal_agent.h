// The agents on simulated mobile terminals: named settings, and the scripts that set and read them
// (docs/terminal-agent.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"
#include "codec/setting_script.h"

namespace tessera::sim {

// Not thread safe.
class terminal_agents {
public:
    struct outcome {
        std::uint8_t executed = 0;  // commands, the failing one included
        std::uint16_t status_word = 0;
        bytes data;  // of the last one
    };
    // Runs commands until one fails, and counts the packet for every setting that it changed.
    [[nodiscard]] outcome run(std::uint32_t terminal, byte_view script);

    struct reading {
        byte_view content;  // valid until the next call of run()
        std::uint32_t executed = 0;
    };
    // Empty where there is no such setting.
    [[nodiscard]] reading read(std::uint32_t terminal, std::string_view name) const;

private:
    struct setting {
        bytes content;
        std::uint32_t executed = 0;
        bool changed = false;  // by the packet that is being run
    };
    using settings = std::map<std::string, setting, std::less<>>;

    static std::uint16_t set(settings& of, const codec::setting_command& command);
    static std::uint16_t get(const settings& of, const codec::setting_command& command, bytes& into);

    std::unordered_map<std::uint32_t, settings> terminals_;
};

}  // namespace tessera::sim
