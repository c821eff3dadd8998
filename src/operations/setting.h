// Settings of a mobile terminal, as scripts for the agent on it. They stand where files of cards do: a write's file is
// "setting/NAME".
#pragma once

#include "operations/script.h"

namespace tessera::operations {

inline constexpr std::string_view setting_prefix = "setting/";
[[nodiscard]] bool is_setting(const file_write& write);
[[nodiscard]] std::string_view setting_name(const file_write& write);

// SET for every write, packed into as few scripts as octets_max allows. One that does not fit stands alone in a script
// that is too long: setting_fits() says so before.
[[nodiscard]] std::vector<script> setting_scripts(const std::vector<file_write>& settings, std::size_t octets_max);
[[nodiscard]] bool setting_fits(const file_write& setting, std::size_t octets_max);
// GET, piece by piece. piece_octets: as script_style has it, for the answers of cards; no less than lone_answer_octets.
[[nodiscard]] std::vector<read_back> setting_read_scripts(const std::vector<file_write>& settings,
                                                          std::size_t piece_octets);

}  // namespace tessera::operations
