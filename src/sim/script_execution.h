// How a card goes through a script (ETSI TS 102 226 clause 5.2): command by command until one fails, in the compact or
// in the expanded format, which its first octet tells, since no class AA or AE is used.
#pragma once

#include "base/bytes.h"
#include "codec/expanded_script.h"
#include "sim/command_target.h"

namespace tessera::sim {

[[nodiscard]] bool is_expanded(byte_view script);

// Appends the answer to `response`.
void run_compact(byte_view script, command_target& target, bytes& response);

// What a script in the expanded format is in a chain, and whether it may run.
enum class chain_step : std::uint8_t { none, first, subsequent, last };
[[nodiscard]] chain_step chain_step_of(byte_view script);

// Appends the response template. False when a command failed or the script is badly made: a chain ends then.
bool run_expanded(byte_view script, command_target& target, bytes& response);
// The answer to a script that continues a chain which is not there.
void refuse_chain(byte_view script, bytes& response);

}  // namespace tessera::sim
