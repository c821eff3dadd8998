// Contents and values with variables of the card. Includes toml++, so only campaign_file*.cpp may include it.
#pragma once

#include "base/checked_toml.h"
#include "campaigns/campaign_file_context.h"
#include "campaigns/text_template.h"

namespace tessera::campaigns {

// A text in it has variables.
[[nodiscard]] bool value_has_variables(const codec::file_value& value);

// Mistakes, an unknown variable among them, go to `notes`. Which write it is, the caller knows.
[[nodiscard]] personal_write read_personal_content(const toml::node& node, const std::string& text,
                                                   const file_context& context, checked_toml& notes);
[[nodiscard]] personal_write read_personal_value(const toml::node& node, const codec::file_value& value,
                                                 const file_context& context, checked_toml& notes);

// Of a setting: the filled text is the content.
[[nodiscard]] personal_write read_personal_text(const toml::node& node, const std::string& text,
                                                const file_context& context, checked_toml& notes);

}  // namespace tessera::campaigns
