// What the campaign is held against: its very packets, sent from memory by the same SMPP client to a fresh simulator;
// no database, no keys, answers acknowledged and thrown away.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace tessera::bench {

// Cards per second from the first submit to the last answer.
[[nodiscard]] result<double> link_ceiling(const std::filesystem::path& program, const std::filesystem::path& data,
                                          const std::filesystem::path& fleet);

}  // namespace tessera::bench
