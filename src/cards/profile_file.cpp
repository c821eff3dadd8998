#include "cards/profile_file.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/checked_toml.h"
#include "base/hex.h"
#include "base/limits.h"
#include "cards/identifiers.h"

namespace tessera::cards {
namespace {

constexpr std::int64_t parts_max_max = 32;  // as a campaign's

// A quirk as the list form of `quirks` has it, and the same in the table form.
struct quirk_name {
    std::string_view name;
    std::string_view key;
    std::string_view value;
    std::string_view meaning;
};
constexpr std::array<quirk_name, 5> quirk_names{{
    {"cc_len_4", "cc_len", "4", "an AES CC has 4 octets; campaigns that name no cc_len take it from here"},
    {"select_by_fid", "select", "by_fid", "SELECT by path is refused: files are selected one by one from the MF"},
    {"no_concatenated_por", "concatenated_por", "false",
     "answers longer than one short message never come: files are read in pieces that fit one"},
    {"replay_06", "replay_status", "06", "a packet that came twice is answered 06 instead of 02; every card may do so"},
    {"unsecured_error_por", "secured_error_por", "false",
     "security errors come unsecured; every card's are heard, and prove nothing good"},
}};

bool names_an_application(std::string_view text) {
    return !text.empty() && text.size() <= limits::tag_octets && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
               c == '-';
    });
}

class profile_reader {
public:
    explicit profile_reader(std::string_view file) : toml_("bad_profile_file", file) {}

    std::expected<std::vector<profile_entry>, std::vector<error>> read(std::string_view text) {
        if (text.size() > limits::profile_file_octets)
            toml_.mistake_at(1, "is longer than " + std::to_string(limits::profile_file_octets) + " octets");
        else if (const auto root = toml_.parse(text))
            entries(*root);
        if (!toml_.clean()) return std::unexpected(toml_.take_mistakes());
        return std::move(made_);
    }

private:
    void entries(const toml::table& root) {
        toml_.only(root, {"profile"}, "the file");
        const auto* node = root.get("profile");
        if (node == nullptr) return toml_.mistake_at(1, "at least one [[profile]] is needed");
        for (const auto* table : tables(*node, "profile", limits::profiles_per_file)) {
            auto made = entry(*table);
            if (!names_.insert(made.name).second && !made.name.empty())
                toml_.mistake(*table, "name: \"" + made.name + "\" stands there twice");
            made_.push_back(std::move(made));
        }
    }

    std::vector<const toml::table*> tables(const toml::node& node, std::string_view what, std::size_t most) {
        std::vector<const toml::table*> made;
        const auto* list = node.as_array();
        if (list == nullptr || list->empty() || !list->is_array_of_tables())
            toml_.mistake(node, std::string(what) + ": expected sections in double brackets");
        else if (list->size() > most)
            toml_.mistake(node, std::string(what) + ": more than " + std::to_string(most));
        else
            for (const auto& one : *list) made.push_back(one.as_table());
        return made;
    }

    profile_entry entry(const toml::table& table) {
        toml_.only(table,
                   {"name", "tars", "minimum_spi", "minimum_security", "algorithms", "longest_message", "parts_max",
                    "quirks", "batch"},
                   "[[profile]]");
        profile_entry made;
        made.name = name(table);
        made.facts = facts(table);
        const auto* batches = table.get("batch");
        if (batches == nullptr) return made;
        for (const auto* one : tables(*batches, "batch", limits::profile_batches)) {
            auto batch_made = batch(*one);
            for (const auto& other : made.batches) {
                if (other.name == batch_made.name)
                    toml_.mistake(*one, "name: the profile has two batches \"" + other.name + "\"");
                if (other.first_iccid <= batch_made.last_iccid && batch_made.first_iccid <= other.last_iccid)
                    toml_.mistake(*one, "iccid_range: has cards in common with batch \"" + other.name + "\"");
            }
            made.batches.push_back(std::move(batch_made));
        }
        return made;
    }

    std::string name(const toml::table& table) {
        constexpr std::size_t name_octets_max = 64;  // as the import's column
        auto text = toml_.text(table, "name", true).value_or("");
        const bool control = std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
        if (table.contains("name") && (text.empty() || text.size() > name_octets_max || control))
            toml_.mistake(*table.get("name"), "name: expected 1 to 64 octets without control characters");
        return text;
    }

    profile_batch batch(const toml::table& table) {
        toml_.only(table,
                   {"name", "iccid_range", "tars", "minimum_spi", "minimum_security", "algorithms", "longest_message",
                    "parts_max", "quirks"},
                   "[[profile.batch]]");
        profile_batch made;
        made.name = name(table);
        made.facts = facts(table);
        const auto* range = table.get("iccid_range");
        if (range == nullptr) {
            toml_.mistake(table, "iccid_range: is missing");
            return made;
        }
        const auto* ends = range->as_array();
        const auto end = [&](std::size_t index) -> std::string {
            const auto text = (*ends)[index].value_exact<std::string>();
            const bool digits = text && text->size() >= 18 && text->size() <= 20 &&
                                std::ranges::all_of(*text, [](char c) { return c >= '0' && c <= '9'; });
            return digits ? *text : std::string();
        };
        if (ends != nullptr && ends->size() == 2) made.first_iccid = end(0), made.last_iccid = end(1);
        if (made.first_iccid.empty() || made.last_iccid.empty())
            toml_.mistake(*range, "iccid_range: expected two texts of 18 to 20 digits; both ends belong to it");
        else if (made.last_iccid < made.first_iccid)
            toml_.mistake(*range, "iccid_range: its end comes before its beginning");
        return made;
    }

    profile_facts facts(const toml::table& table) {
        profile_facts made;
        if (const auto* node = table.get("tars")) made.tars = tars(*node);
        if (const auto* node = table.get("minimum_spi")) made.minimum = minimum(*node);
        if (const auto* words = toml_.section(table, "minimum_security", false)) {
            if (made.minimum) toml_.mistake(*words, "minimum_security: says again what minimum_spi says");
            made.minimum = minimum_in_words(*words);
        }
        if (const auto* node = table.get("algorithms")) made.algorithms = algorithms(*node);
        if (const auto number = toml_.number(table, "parts_max", 1, parts_max_max))
            made.parts_max = static_cast<std::size_t>(*number);
        constexpr std::int64_t shortest = 64;  // a SELECT by the longest path and an UPDATE of some octets
        if (const auto number = toml_.number(table, "longest_message", shortest,
                                             static_cast<std::int64_t>(limits::secured_packet_octets)))
            made.longest_message = static_cast<std::size_t>(*number);
        if (const auto* node = table.get("quirks")) quirks(*node, made.quirks);
        return made;
    }

    std::vector<std::pair<std::string, std::uint32_t>> tars(const toml::node& node) {
        std::vector<std::pair<std::string, std::uint32_t>> made;
        const auto* table = node.as_table();
        if (table == nullptr || table->empty() || table->size() > limits::profile_tars) {
            toml_.mistake(node, "tars: expected 1 to " + std::to_string(limits::profile_tars) +
                                    " names with their TARs: {uicc = \"b00000\", usim = \"b00140\"}");
            return made;
        }
        for (const auto& [key, value] : *table) {
            const auto text = value.value_exact<std::string>();
            std::array<std::uint8_t, 3> octets{};
            if (!names_an_application(key.str()))
                toml_.mistake(value, "tars: the name of an application has 1 to 32 of a-z, A-Z, 0-9, '_', '.', '-'");
            else if (!text || !from_hex_into(*text, octets))
                toml_.mistake(value, "tars." + std::string(key.str()) + ": expected 6 hexadecimal digits in quotes");
            const auto tar = static_cast<std::uint32_t>(load_big_endian(octets));
            if (text && std::ranges::any_of(made, [&](const auto& one) { return one.second == tar; }))
                toml_.mistake(value, "tars." + std::string(key.str()) + ": another application has this TAR");
            made.emplace_back(std::string(key.str()), tar);
        }
        return made;
    }

    std::optional<minimum_security> minimum(const toml::node& node) {
        const auto text = node.value_exact<std::string>();
        const auto octets = text ? from_hex(*text) : result<bytes>(failure("", "", ""));
        if (!octets || octets->empty() || octets->size() > 2) {
            toml_.mistake(node,
                          "minimum_spi: expected 4 hexadecimal digits in quotes, or 2 where nothing is said of "
                          "proofs of receipt");
            return std::nullopt;
        }
        minimum_security made{(*octets)[0], std::nullopt};
        if (octets->size() == 2) made.second = (*octets)[1];
        const codec::security_parameter_indicator spi{made.first, made.second.value_or(0)};
        if ((spi.first & 0xe0U) != 0 || (spi.second & 0xc0U) != 0)
            toml_.mistake(node, "minimum_spi: reserved bits are set");
        if (spi.command_integrity() == codec::integrity::digital_signature ||
            spi.response_integrity() == codec::integrity::digital_signature)
            toml_.mistake(node, "minimum_spi: digital signatures are not supported, so nothing could reach the cards");
        return made;
    }

    // The same, field by field: {ciphering = true, integrity = "cc", counter = "higher", por_ciphering = true,
    // por_integrity = "cc"}. What is left out is not asked for.
    minimum_security minimum_in_words(const toml::table& table) {
        toml_.only(table, {"ciphering", "integrity", "counter", "por_ciphering", "por_integrity"}, "minimum_security");
        constexpr std::array<std::string_view, 3> integrities{"none", "rc", "cc"};
        constexpr std::array<std::string_view, 4> counters{"none", "unchecked", "higher", "exactly one higher"};
        const unsigned ciphered = toml_.flag(table, "ciphering").value_or(false) ? 0x04U : 0U;
        const auto first =
            ciphered | one_of(table, "integrity", integrities) | one_of(table, "counter", counters) << 3U;
        minimum_security made{static_cast<std::uint8_t>(first), std::nullopt};
        if (!table.contains("por_ciphering") && !table.contains("por_integrity")) return made;
        constexpr unsigned always_by_submit = 0x21;
        const unsigned por_ciphered = toml_.flag(table, "por_ciphering").value_or(false) ? 0x10U : 0U;
        made.second = static_cast<std::uint8_t>(always_by_submit | por_ciphered |
                                                one_of(table, "por_integrity", integrities) << 2U);
        return made;
    }

    template <std::size_t Size>
    unsigned one_of(const toml::table& table, std::string_view key, const std::array<std::string_view, Size>& words) {
        const auto text = toml_.text(table, key, false);
        if (!text) return 0;
        const auto found = std::ranges::find(words, *text);
        if (found != words.end()) return static_cast<unsigned>(found - words.begin());
        std::string list;
        for (const auto one : words) list += (list.empty() ? "" : ", ") + std::string(one);
        toml_.mistake(*table.get(key), std::string(key) + ": expected one of: " + list);
        return 0;
    }

    std::vector<crypto::cipher_algorithm> algorithms(const toml::node& node) {
        std::vector<crypto::cipher_algorithm> made;
        const auto* list = node.as_array();
        if (list == nullptr || list->empty()) {
            toml_.mistake(node, "algorithms: expected a list of des, 3des2, 3des3, aes128, aes192, aes256");
            return made;
        }
        for (const auto& one : *list) {
            const auto text = one.value_exact<std::string>();
            const auto known = text ? crypto::cipher_algorithm_from(*text) : std::nullopt;
            if (!known)
                toml_.mistake(one, "algorithms: expected des, 3des2, 3des3, aes128, aes192 or aes256 in quotes");
            else if (std::ranges::find(made, *known) == made.end())
                made.push_back(*known);
        }
        std::ranges::sort(made);
        return made;
    }

    // Either a list of names, "cc_len_4" or "cc_len=4", or a table, {cc_len = 4}.
    void quirks(const toml::node& node, profile_quirks& into) {
        if (const auto* table = node.as_table()) {
            for (const auto& [key, value] : *table) quirk(value, std::string(key.str()), text_of(value), into);
            return;
        }
        const auto* list = node.as_array();
        if (list == nullptr) return toml_.mistake(node, "quirks: expected a list of names, or a table of them");
        for (const auto& one : *list) {
            const auto text = one.value_exact<std::string>();
            if (!text) {
                toml_.mistake(one, "quirks: expected names in quotes");
                continue;
            }
            const auto named = std::ranges::find(quirk_names, *text, &quirk_name::name);
            const auto equals = text->find('=');
            if (named != quirk_names.end())
                quirk(one, std::string(named->key), std::string(named->value), into);
            else if (equals == std::string::npos)
                unknown(one, *text);
            else
                quirk(one, trimmed(text->substr(0, equals)), trimmed(text->substr(equals + 1)), into);
        }
    }

    static std::string trimmed(std::string text) {
        const auto from = text.find_first_not_of(" \t\"");
        if (from == std::string::npos) return {};
        return text.substr(from, text.find_last_not_of(" \t\"") - from + 1);
    }

    static std::string text_of(const toml::node& node) {
        if (const auto text = node.value_exact<std::string>()) return *text;
        if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
        if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
        return {};
    }

    void unknown(const toml::node& node, const std::string& name) {
        std::string list;
        for (const auto& one : quirk_names) list += (list.empty() ? "" : ", ") + std::string(one.name);
        const bool plain = names_an_application(name);
        toml_.mistake(node, "quirks: unknown quirk" + (plain ? " \"" + name + "\"" : "") + "; known: " + list);
    }

    void quirk(const toml::node& node, const std::string& key, const std::string& value, profile_quirks& into) {
        const auto expect = [&](std::string_view what) {
            toml_.mistake(node, "quirks: " + key + ": expected " + std::string(what));
        };
        const bool truth = value == "true";
        if (key == "cc_len") {
            if (value != "4" && value != "8") return expect("4 or 8");
            into.cc_len = value == "4" ? std::uint8_t{4} : std::uint8_t{8};
        } else if (key == "select") {
            if (value != "by_fid" && value != "by_path") return expect("\"by_fid\" or \"by_path\"");
            into.select = value == "by_fid" ? select_method::by_fid : select_method::by_path;
        } else if (key == "concatenated_por" || key == "secured_error_por") {
            if (!truth && value != "false") return expect("true or false");
            (key == "concatenated_por" ? into.concatenated_por : into.secured_error_por) = truth;
        } else if (key == "replay_status") {
            if (value != "02" && value != "06") return expect("\"02\" or \"06\"");
            into.replay_status = value == "02" ? std::uint8_t{2} : std::uint8_t{6};
        } else {
            unknown(node, key);
        }
    }

    checked_toml toml_;
    std::vector<profile_entry> made_;
    std::set<std::string> names_;
};

// --- writing

std::string quoted(std::string_view text) {
    std::string made = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') made.push_back('\\');
        made.push_back(c);
    }
    return made + "\"";
}

std::string facts_text(const profile_facts& facts) {
    std::string made;
    const auto line = [&](std::string_view key, const std::string& value) {
        made.append(key).append(" = ").append(value).append("\n");
    };
    std::string list;
    for (const auto& [name, tar] : facts.tars) {
        bytes octets;
        append_big_endian(octets, tar, 3);
        list += (list.empty() ? "" : ", ") + quoted(name) + " = " + quoted(to_hex(octets));
    }
    if (!list.empty()) line("tars", "{" + list + "}");
    if (facts.minimum) {
        bytes octets{facts.minimum->first};
        if (facts.minimum->second) octets.push_back(*facts.minimum->second);
        line("minimum_spi", quoted(to_hex(octets)));
    }
    list.clear();
    for (const auto one : facts.algorithms) list += (list.empty() ? "" : ", ") + quoted(crypto::to_string(one));
    if (!list.empty()) line("algorithms", "[" + list + "]");
    if (facts.parts_max) line("parts_max", std::to_string(*facts.parts_max));
    if (facts.longest_message) line("longest_message", std::to_string(*facts.longest_message));
    const auto& quirks = facts.quirks;
    list.clear();
    const auto quirk = [&](std::string_view key, const std::string& value) {
        list += (list.empty() ? "" : ", ") + std::string(key) + " = " + value;
    };
    if (quirks.cc_len) quirk("cc_len", std::to_string(*quirks.cc_len));
    if (quirks.select) quirk("select", quoted(to_string(*quirks.select)));
    if (quirks.concatenated_por) quirk("concatenated_por", *quirks.concatenated_por ? "true" : "false");
    if (quirks.replay_status) quirk("replay_status", *quirks.replay_status == 2 ? "\"02\"" : "\"06\"");
    if (quirks.secured_error_por) quirk("secured_error_por", *quirks.secured_error_por ? "true" : "false");
    if (!list.empty()) line("quirks", "{" + list + "}");
    return made;
}

}  // namespace

std::expected<std::vector<profile_entry>, std::vector<error>> parse_profiles(std::string_view text,
                                                                             std::string_view file) {
    return profile_reader(file).read(text);
}

std::string profile_text(const profile_entry& entry) {
    auto made = "[[profile]]\nname = " + quoted(entry.name) + "\n" + facts_text(entry.facts);
    for (const auto& batch : entry.batches)
        made += "\n[[profile.batch]]\nname = " + quoted(batch.name) + "\niccid_range = [" + quoted(batch.first_iccid) +
                ", " + quoted(batch.last_iccid) + "]\n" + facts_text(batch.facts);
    return made;
}

std::vector<std::pair<std::string_view, std::string_view>> known_quirks() {
    std::vector<std::pair<std::string_view, std::string_view>> made;
    for (const auto& one : quirk_names) made.emplace_back(one.name, one.meaning);
    return made;
}

}  // namespace tessera::cards
