// Who runs the commands of a script, one at a time: the file system, or the manager of applications.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "codec/apdu.h"

namespace tessera::sim {

struct command_answer {
    std::uint16_t status_word = 0x9000;
    byte_view data;  // valid until the target's next call
};

class command_target {
public:
    virtual ~command_target() = default;
    [[nodiscard]] virtual command_answer run_command(const codec::command_apdu& command) = 0;
};

}  // namespace tessera::sim
