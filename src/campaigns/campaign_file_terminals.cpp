#include "campaigns/campaign_file_terminals.h"

#include <array>
#include <set>

#include "base/hex.h"
#include "base/limits.h"
#include "campaigns/campaign_file_personal.h"
#include "codec/setting_script.h"
#include "operations/setting.h"

namespace tessera::campaigns {
namespace {

constexpr std::array<const char*, 2> sections{"setting", "terminals"};

class terminals_reader {
public:
    terminals_reader(const file_context& context, checked_toml& notes) : context_(&context), notes_(&notes) {}

    std::optional<terminal_part> read(const toml::table& root) {
        const auto* node = root.get("setting");
        if (const auto* table = notes_->section(root, "terminals", false)) {
            application(*table);
            if (node == nullptr) notes_->mistake(*table, "[terminals]: there is no [[setting]] for them");
        }
        if (node == nullptr) return std::nullopt;
        const auto* list = node->as_array();
        if (list == nullptr || list->empty() || !list->is_array_of_tables())
            notes_->mistake(*node, "setting: expected sections [[setting]]");
        else if (list->size() > limits::writes_per_campaign)
            notes_->mistake(*node, "more than " + std::to_string(limits::writes_per_campaign) + " [[setting]]");
        else
            for (const auto& one : *list) setting(*one.as_table());
        return std::move(made_);
    }

private:
    void application(const toml::table& table) {
        notes_->only(table, {"tar"}, "[terminals]");
        const auto tar = notes_->text(table, "tar", true);
        if (!tar) return;
        if (const auto read = from_hex_into(*tar, made_.application, "tar"); !read)
            notes_->mistake(*table.get("tar"), "tar", read.error());
    }

    void setting(const toml::table& table) {
        notes_->only(table, {"name", "value", "content"}, "[[setting]]");
        operations::file_write made;
        const auto name = notes_->text(table, "name", true);
        if (name && !codec::is_setting_name(*name))
            return notes_->mistake(*table.get("name"), "name: expected 1 to 64 of a-z, 0-9, \"_\", \".\" and \"-\"");
        if (name && !names_.insert(*name).second)
            return notes_->mistake(table, "[[setting]]: " + *name + " is set twice");
        const bool by_value = table.contains("value");
        if (by_value == table.contains("content"))
            return notes_->mistake(table, "value: a setting has either a value (text) or a content (hexadecimal)");
        const auto* key = by_value ? "value" : "content";
        const auto text = notes_->text(table, key, true);
        if (!name || !text) return;
        made.file = std::string(operations::setting_prefix) + *name;
        content(*table.get(key), key, *text, made);
        made_.settings.push_back(std::move(made));
    }

    void content(const toml::node& node, const std::string& key, const std::string& text,
                 operations::file_write& into) {
        const bool by_value = key == "value";
        if (has_variables(text)) {
            auto own = by_value ? read_personal_text(node, text, *context_, *notes_)
                                : read_personal_content(node, text, *context_, *notes_);
            own.write = made_.settings.size();
            made_.personal.push_back(std::move(own));
            return;
        }
        auto octets = by_value ? result<bytes>(to_bytes(as_bytes(text))) : from_hex(text, key);
        if (!octets)
            notes_->mistake(node, key, octets.error());
        else if (octets->empty())
            notes_->mistake(node, key + ": is empty");
        else
            into.content = std::move(*octets);
    }

    const file_context* context_;
    checked_toml* notes_;
    terminal_part made_;
    std::set<std::string> names_;
};

}  // namespace

bool has_terminal_part(const toml::table& root) { return root.contains("setting") || root.contains("terminals"); }

bool is_for_terminals_only(const toml::table& root) {
    constexpr std::array<const char*, 5> of_cards{"write", "read", "application", "load_files", "key"};
    return root.contains("setting") &&
           std::ranges::none_of(of_cards, [&](const char* one) { return root.contains(one); });
}

std::optional<terminal_part> read_terminals(const toml::table& root, const file_context& context, checked_toml& notes) {
    return terminals_reader(context, notes).read(root);
}

void refuse_terminals_beside(const toml::table& root, std::string_view other, checked_toml& notes) {
    for (const auto* one : sections)
        if (const auto* node = root.get(one))
            notes.mistake(*node, std::string(one) + ": does not go with " + std::string(other) +
                                     " in one campaign: terminals have settings only");
}

}  // namespace tessera::campaigns
