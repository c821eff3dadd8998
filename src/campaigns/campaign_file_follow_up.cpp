#include <sstream>

#include "base/checked_toml.h"
#include "campaigns/campaign_file.h"

namespace tessera::campaigns {

result<std::string> follow_up_file(std::string_view text, std::string_view name, std::string_view id,
                                   const std::vector<operations::outcome>& outcomes, bool not_sent_too) {
    checked_toml reader("bad_campaign_file", "campaign");
    auto root = reader.parse(text);
    if (!root) return std::unexpected(reader.take_mistakes().front());
    toml::array wanted;
    for (const auto one : outcomes) wanted.push_back(std::string(operations::to_string(one)));
    if (not_sent_too) wanted.push_back(std::string(not_sent));
    root->erase("resolved");
    root->insert_or_assign("campaign", toml::table{{"name", std::string(name)}});
    root->erase("wave");  // it was cut for other cards
    root->insert_or_assign("targets", toml::table{{"campaign", std::string(id)}, {"outcome", std::move(wanted)}});
    // One line a text: toml_screen.h reads lines.
    constexpr auto style = toml::toml_formatter::default_flags & ~toml::format_flags::allow_multi_line_strings;
    std::ostringstream made;
    made << toml::toml_formatter{*root, style} << '\n';
    return made.str();
}

}  // namespace tessera::campaigns
