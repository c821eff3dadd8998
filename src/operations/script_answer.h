// What a card returned to a script, whatever the format (ETSI TS 102 226 clauses 5.2.1, 5.2.2).
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "operations/script.h"

namespace tessera::operations {

struct script_answer {
    std::uint8_t executed = 0;  // commands, the failing one included
    std::uint16_t status_word = 0;
    byte_view data;  // of the last one, into the octets given
    // Expanded format: the script was not run to its end, since it is badly made (90xx: which fault) or belongs to a
    // chain that the card does not know (83xx).
    std::optional<std::uint16_t> refused;
};
// Nothing: the octets say nothing about any command.
[[nodiscard]] std::optional<script_answer> parse_script_answer(script_format format, byte_view data);

}  // namespace tessera::operations
