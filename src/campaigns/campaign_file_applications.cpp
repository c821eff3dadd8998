#include "campaigns/campaign_file_applications.h"

#include <filesystem>
#include <fstream>

#include "base/hex.h"
#include "base/limits.h"
#include "base/system_error.h"
#include "campaigns/campaign_file.h"
#include "codec/ber_tlv.h"
#include "codec/cap_file.h"
#include "codec/global_platform.h"

namespace tessera::campaigns {
namespace {

using operations::application_action;
using operations::application_kind;

result<bytes> file_octets(const std::filesystem::path& path) {
    std::error_code problem;
    const auto size = std::filesystem::file_size(path, problem);
    if (problem) return failure("unreadable", path.string(), problem.message());
    if (size > limits::cap_octets)
        return failure("too_long", path.string(), "is longer than " + std::to_string(limits::cap_octets) + " octets");
    bytes octets(size);
    errno = 0;
    std::ifstream from(path, std::ios::binary);
    if (!from.read(reinterpret_cast<char*>(octets.data()), static_cast<std::streamsize>(size)))
        return failure("unreadable", path.string(), with_reason("cannot be read to its end"));
    return octets;
}

// A basic string of TOML; control characters are no part of it.
std::string toml_quoted(std::string_view text) {
    std::string made = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') made.push_back('\\');
        made.push_back(c);
    }
    return made + "\"";
}

class application_reader {
public:
    application_reader(const toml::table& root, const file_context& context, checked_toml& notes,
                       std::vector<load_file>& read)
        : context_(context), toml_(notes), read_(read) {
        kept_ = toml_.section(root, "load_files", false);
    }

    application_action read(const toml::table& table) {
        toml_.only(table,
                   {"action", "cap", "descriptor", "load_file", "module", "instance", "parameters", "privileges",
                    "security_domain", "aid", "related"},
                   "[[application]]");
        application_action made;
        const auto action = toml_.text(table, "action", true);
        if (!action) return made;
        std::optional<codec::cap_file> cap;
        if (table.contains("cap")) {
            cap = cap_of(table);
            if (!cap) return made;
        }
        if (*action == "install" || *action == "load") {
            made.kind = *action == "load" ? application_kind::load : application_kind::install;
            addition(table, cap, made);
        } else if (*action == "delete") {
            made.kind = application_kind::remove;
            removal(table, cap, made);
        } else {
            toml_.mistake(*table.get("action"), "action: expected install, load or delete");
        }
        return made;
    }

private:
    // Keys that mean nothing for this action.
    void refuse(const toml::table& table, std::initializer_list<std::string_view> keys, std::string_view why) {
        for (const auto key : keys)
            if (const auto* node = table.get(key)) toml_.mistake(*node, std::string(key) + ": " + std::string(why));
    }

    std::optional<bytes> octets(const toml::table& table, std::string_view key, std::size_t least, std::size_t most) {
        const auto text = toml_.text(table, key, false);
        if (!text) return std::nullopt;
        auto read = from_hex(*text);
        if (!read)
            toml_.mistake(*table.get(key), key, read.error());
        else if (read->size() < least || read->size() > most)
            toml_.mistake(*table.get(key), std::string(key) + ": expected " + std::to_string(least) + " to " +
                                               std::to_string(most) + " octets");
        else
            return std::move(*read);
        return std::nullopt;
    }
    std::optional<bytes> aid(const toml::table& table, std::string_view key) {
        return octets(table, key, codec::global_platform::aid_octets_min, codec::global_platform::aid_octets_max);
    }

    // What the campaign keeps of the file, or the file itself.
    std::optional<codec::cap_file> cap_of(const toml::table& table) {
        const auto name = toml_.text(table, "cap", true);
        const bool descriptor = toml_.flag(table, "descriptor").value_or(false);
        if (!name) return std::nullopt;
        const auto& node = *table.get("cap");
        if (name->empty() || std::ranges::any_of(*name, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
            toml_.mistake(node, "cap: expected the name of a file");
            return std::nullopt;
        }
        const auto key = descriptor ? *name + " with descriptor" : *name;
        for (const auto& one : read_)
            if (one.name == key) return parsed(node, codec::read_components(one.components), one.components);
        if (kept_ != nullptr && kept_->contains(key)) return kept(*kept_->get(key));
        if (!context_.find_card) {
            toml_.mistake(node, "cap: [load_files] does not have " + key);
            return std::nullopt;
        }
        if (kept_ != nullptr) {
            toml_.mistake(node, "cap: [load_files] is there and does not have " + key);
            return std::nullopt;
        }
        const auto archive = file_octets(std::filesystem::path(context_.file).parent_path() / *name);
        if (!archive) {
            toml_.mistake(node, "cap: " + archive.error().field + ": " + archive.error().message);
            return std::nullopt;
        }
        auto cap = codec::read_cap(*archive, {.descriptor = descriptor});
        if (cap) read_.push_back({key, cap->components});
        const auto components = cap ? cap->components : bytes();
        return parsed(node, std::move(cap), components);
    }
    std::optional<codec::cap_file> kept(const toml::node& node) {
        const auto text = node.value_exact<std::string>();
        const auto components = text ? from_hex(*text) : result<bytes>(failure("bad_hex", {}, "expected hexadecimal"));
        if (!components) {
            toml_.mistake(node, "load_files: " + components.error().message);
            return std::nullopt;
        }
        return parsed(node, codec::read_components(*components), *components);
    }
    std::optional<codec::cap_file> parsed(const toml::node& node, result<codec::cap_file> cap,
                                          const bytes& components) {
        if (!cap) {
            toml_.mistake(node, "cap: " + cap.error().message);
            return std::nullopt;
        }
        cap->components = components;
        return std::move(*cap);
    }

    void addition(const toml::table& table, const std::optional<codec::cap_file>& cap, application_action& made) {
        refuse(table, {"aid", "related"}, "goes with action delete");
        if (cap) {
            refuse(table, {"load_file"}, "the CAP file says it");
            made.load_file = cap->package;
            made.version = {cap->version_major, cap->version_minor};
            made.components = cap->components;
        } else if (made.kind == application_kind::load) {
            toml_.mistake(table, "cap: is missing");
        } else if (const auto found = aid(table, "load_file")) {
            made.load_file = *found;
        } else if (!table.contains("load_file")) {
            toml_.mistake(table, "cap: is missing, and load_file too: one of them says what is installed");
        }
        if (const auto domain = aid(table, "security_domain")) made.security_domain = *domain;
        if (table.contains("security_domain") && !cap)
            toml_.mistake(*table.get("security_domain"),
                          "security_domain: goes with cap, for it is asked when loading");
        if (made.kind == application_kind::load)
            return refuse(table, {"module", "instance", "parameters", "privileges"}, "goes with action install");
        identifiers(table, cap, made);
        if (const auto privileges = octets(table, "privileges", 1, 3)) {
            if (privileges->size() == 2) toml_.mistake(*table.get("privileges"), "privileges: expected 1 or 3 octets");
            made.privileges = *privileges;
        }
        if (const auto parameters = octets(table, "parameters", 2, 200)) {
            if (!codec::find_ber_tlv(*parameters, 0xc9))
                toml_.mistake(*table.get("parameters"), "parameters: expected TLVs, C9 among them: C900 for none");
            made.parameters = *parameters;
        }
    }

    void identifiers(const toml::table& table, const std::optional<codec::cap_file>& cap, application_action& made) {
        if (const auto module = aid(table, "module")) {
            made.module = *module;
            if (cap && std::ranges::find(cap->applets, *module) == cap->applets.end())
                toml_.mistake(*table.get("module"), "module: the CAP file has no such applet; it has " + list_of(*cap));
        } else if (!table.contains("module")) {
            if (cap && cap->applets.size() == 1)
                made.module = cap->applets.front();
            else if (cap)
                toml_.mistake(table, "module: is missing; the CAP file has " + list_of(*cap));
            else
                toml_.mistake(table, "module: is missing");
        }
        if (const auto instance = aid(table, "instance"))
            made.instance = *instance;
        else
            made.instance = made.module;
    }
    static std::string list_of(const codec::cap_file& cap) {
        if (cap.applets.empty()) return "no applets, since it is a library: load it";
        std::string text;
        for (const auto& one : cap.applets) text += (text.empty() ? "" : ", ") + to_hex(one);
        return text;
    }

    void removal(const toml::table& table, const std::optional<codec::cap_file>& cap, application_action& made) {
        refuse(table, {"module", "instance", "parameters", "privileges", "security_domain", "load_file"},
               "goes with action install");
        if (table.contains("aid") == table.contains("cap"))
            toml_.mistake(table, "aid: exactly one of aid and cap says what is deleted");
        if (cap) made.removed = cap->package;
        if (const auto found = aid(table, "aid")) made.removed = *found;
        made.with_related = toml_.flag(table, "related").value_or(cap.has_value());
    }

    const file_context& context_;
    checked_toml& toml_;
    std::vector<load_file>& read_;
    const toml::table* kept_ = nullptr;
};

}  // namespace

std::vector<application_action> read_applications(const toml::table& root, const file_context& context,
                                                  checked_toml& notes, std::vector<load_file>& read) {
    const auto& node = *root.get("application");
    const auto* list = node.as_array();
    std::vector<application_action> made;
    if (list == nullptr || list->empty() || !list->is_array_of_tables()) {
        notes.mistake(node, "application: expected sections [[application]]");
        return made;
    }
    if (list->size() > limits::applications_per_campaign) {
        notes.mistake(node, "more than " + std::to_string(limits::applications_per_campaign) + " [[application]]");
        return made;
    }
    application_reader reader(root, context, notes, read);
    for (const auto& one : *list) made.push_back(reader.read(*one.as_table()));
    return made;
}

std::string with_load_files(std::string_view text, const std::vector<load_file>& files) {
    std::string made(text);
    if (files.empty()) return made;
    if (!made.ends_with('\n')) made.push_back('\n');
    made += "\n# What the CAP files held when the campaign was created: their components, in the order of loading.\n";
    made += "[load_files]\n";
    for (const auto& one : files) made += toml_quoted(one.name) + " = \"" + to_hex(one.components) + "\"\n";
    return made;
}

}  // namespace tessera::campaigns
