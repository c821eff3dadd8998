#include "campaigns/campaign_file_personal.h"

#include <algorithm>

#include "base/hex.h"
#include "base/limits.h"

namespace tessera::campaigns {
namespace {

// Uses every text in the value.
template <class Use>
void for_each_text(const codec::file_value& value, Use&& use) {
    if (const auto* text = std::get_if<std::string>(&value.held())) use(*text);
    if (const auto* list = std::get_if<codec::file_value::list>(&value.held()))
        for (const auto& one : *list) for_each_text(one, use);
    if (const auto* map = std::get_if<codec::file_value::map>(&value.held()))
        for (const auto& one : *map) for_each_text(one.value, use);
}

// The template; nothing where it is none, which is noted.
std::optional<text_template> checked(const toml::node& node, std::string_view key, const std::string& text,
                                     const file_context& context, checked_toml& notes) {
    auto parsed = text_template::parse(text);
    if (!parsed) {
        notes.mistake(node, key, parsed.error());
        return std::nullopt;
    }
    for (const auto name : parsed->names()) {
        if (name == "iccid" || name == "imsi" || name == "msisdn" || !context.variable_known) continue;
        const auto known = context.variable_known(name);
        if (!known)
            notes.mistake(node, key, known.error());
        else if (!*known)
            notes.mistake(node, std::string(key) + ": no card of the registry has a variable \"" + std::string(name) +
                                    "\" (column var." + std::string(name) + " of an import)");
    }
    return std::move(*parsed);
}

}  // namespace

bool value_has_variables(const codec::file_value& value) {
    bool found = false;
    for_each_text(value, [&](const std::string& text) { found = found || has_variables(text); });
    return found;
}

personal_write read_personal_content(const toml::node& node, const std::string& text, const file_context& context,
                                     checked_toml& notes) {
    personal_write made;
    if (const auto parsed = checked(node, "content", text, context, notes)) {
        const auto around = parsed->literals();
        if (!std::ranges::all_of(around, [](unsigned char c) { return std::isxdigit(c) != 0; }))
            notes.mistake(node, "content: expected hexadecimal digits around the variables");
        made.content = text;
    }
    return made;
}

personal_write read_personal_value(const toml::node& node, const codec::file_value& value, const file_context& context,
                                   checked_toml& notes) {
    for_each_text(value, [&](const std::string& text) {
        if (has_variables(text)) static_cast<void>(checked(node, "value", text, context, notes));
    });
    personal_write made;
    made.value = value;
    return made;
}

personal_write read_personal_text(const toml::node& node, const std::string& text, const file_context& context,
                                  checked_toml& notes) {
    static_cast<void>(checked(node, "value", text, context, notes));
    personal_write made;
    made.content = text;
    made.as_text = true;
    return made;
}

}  // namespace tessera::campaigns
