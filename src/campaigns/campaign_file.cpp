#include "campaigns/campaign_file.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/hex.h"
#include "base/limits.h"
#include "cards/identifiers.h"
#include "operations/file_path.h"

namespace tessera::campaigns {
namespace {

constexpr std::size_t name_octets_max = 200;
constexpr std::int64_t attempts_max = 20;
constexpr std::int64_t parts_max_max = 32;
constexpr std::size_t list_line_base = 1U << 30U;  // mistakes in the list of targets are told after the file's own

class file_parser {
public:
    explicit file_parser(const file_context& context) : context_(context) {}

    std::expected<definition, std::vector<error>> parse(std::string_view text) {
        if (text.size() > limits::campaign_file_octets) {
            mistake_at(1, "is longer than " + std::to_string(limits::campaign_file_octets) + " octets");
            return all_mistakes();
        }
        auto parsed = toml::parse(text);
        if (!parsed) {
            mistake_at(parsed.error().source().begin.line, std::string(parsed.error().description()));
            return all_mistakes();
        }
        const toml::table& root = parsed.table();
        only(root, {"campaign", "targets", "security", "write", "telecom"}, "the file");
        campaign(section(root, "campaign", true));
        targets(section(root, "targets", true));
        security(section(root, "security", true));
        writes(root);
        telecom(section(root, "telecom", false));
        if (!mistakes_.empty()) return all_mistakes();
        return std::move(made_);
    }

private:
    struct located_error {
        std::size_t line;
        error problem;
    };

    std::unexpected<std::vector<error>> all_mistakes() {
        std::ranges::stable_sort(mistakes_, {}, &located_error::line);
        std::vector<error> all;
        for (auto& one : mistakes_) all.push_back(std::move(one.problem));
        return std::unexpected(std::move(all));
    }

    void mistake_at(std::size_t line, std::string what) {
        mistakes_.push_back({line, {"bad_campaign_file", context_.file + ":" + std::to_string(line), std::move(what)}});
    }
    void mistake(const toml::node& node, std::string what) { mistake_at(std::max<std::size_t>(node.source().begin.line, 1), std::move(what)); }
    void mistake(const toml::node& node, std::string_view key, const error& problem) {
        mistake(node, std::string(key) + ": " + problem.message);
    }

    void only(const toml::table& table, std::initializer_list<std::string_view> known, std::string_view where) {
        for (const auto& [key, value] : table) {
            if (std::ranges::find(known, key.str()) != known.end()) continue;
            std::string list;
            for (const auto one : known) list += (list.empty() ? "" : ", ") + std::string(one);
            mistake_at(std::max<std::size_t>(key.source().begin.line, 1), "unknown key \"" + std::string(key.str()) + "\" in " + std::string(where) + "; known: " + list);
        }
    }

    const toml::table* section(const toml::table& root, std::string_view name, bool needed) {
        const auto* node = root.get(name);
        if (node == nullptr) {
            if (needed) mistake_at(1, "section [" + std::string(name) + "] is missing");
            return nullptr;
        }
        if (!node->is_table()) {
            mistake(*node, std::string(name) + ": expected a section [" + std::string(name) + "]");
            return nullptr;
        }
        return node->as_table();
    }

    // The key's text; nothing when it is absent or no text (then a mistake is noted).
    std::optional<std::string> text(const toml::table& table, std::string_view key, bool needed) {
        const auto* node = table.get(key);
        if (node == nullptr) {
            if (needed) mistake(table, std::string(key) + ": is missing");
            return std::nullopt;
        }
        auto value = node->value_exact<std::string>();
        if (!value) mistake(*node, std::string(key) + ": expected a text in quotes");
        return value;
    }
    std::optional<std::int64_t> number(const toml::table& table, std::string_view key, std::int64_t least, std::int64_t most) {
        const auto* node = table.get(key);
        if (node == nullptr) return std::nullopt;
        const auto value = node->value_exact<std::int64_t>();
        if (value && *value >= least && *value <= most) return value;
        mistake(*node, std::string(key) + ": expected a number from " + std::to_string(least) + " to " + std::to_string(most));
        return std::nullopt;
    }
    template <std::size_t Size>
    bool octets(const toml::table& table, std::string_view key, std::array<std::uint8_t, Size>& into) {
        const auto value = text(table, key, true);
        if (!value) return false;
        if (auto read = from_hex_into(*value, into); !read) {
            mistake(*table.get(key), key, read.error());
            return false;
        }
        return true;
    }

    void campaign(const toml::table* table) {
        if (table == nullptr) return;
        only(*table, {"name"}, "[campaign]");
        const auto name = text(*table, "name", true);
        if (!name) return;
        if (name->empty() || name->size() > name_octets_max) mistake(*table->get("name"), "name: expected 1 to 200 characters");
        made_.name = *name;
    }

    void targets(const toml::table* table) {
        if (table == nullptr) return;
        only(*table, {"profile", "iccids", "imsi_range", "all"}, "[targets]");
        if (table->size() != 1) return mistake(*table, "[targets] needs exactly one of profile, iccids, imsi_range, all");
        if (const auto name = table->contains("profile") ? text(*table, "profile", true) : std::nullopt) target_profile(*table->get("profile"), *name);
        if (const auto file = table->contains("iccids") ? text(*table, "iccids", true) : std::nullopt) target_list(*table->get("iccids"), *file);
        if (const auto* range = table->get("imsi_range")) target_range(*range);
        if (const auto* all = table->get("all")) {
            made_.targets.all = all->value_exact<bool>().value_or(false);
            if (!made_.targets.all) mistake(*all, "all: expected true");
        }
    }

    void target_profile(const toml::node& node, const std::string& name) {
        made_.targets.profile = name;
        if (!context_.profile_known) return;
        const auto known = context_.profile_known(name);
        if (!known) mistake(node, "profile", known.error());
        else if (!*known) mistake(node, "profile: no card of the registry has profile \"" + name + "\"");
    }

    void target_list(const toml::node& node, const std::string& file) {
        if (!context_.read_target_list) return;
        const auto path = (std::filesystem::path(context_.file).parent_path() / file).string();
        std::ifstream list(path);
        if (!list) return mistake(node, "iccids: " + path + " cannot be opened for reading");
        std::string line;
        for (std::size_t number = 1; std::getline(list, line) && mistakes_.size() < limits::campaign_file_mistakes; ++number) {
            while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
            if (line.empty() || line.front() == '#') continue;
            auto iccid = cards::parse_iccid(line);
            if (!iccid) {
                mistake_in_list(path, number, iccid.error().message);
                continue;
            }
            if (const auto known = context_.card_known ? context_.card_known(*iccid) : result<bool>(true); !known) mistake_in_list(path, number, known.error().message);
            else if (!*known) mistake_in_list(path, number, "the registry has no card " + *iccid);
            made_.targets.iccids.push_back(std::move(*iccid));
        }
        if (made_.targets.iccids.empty() && mistakes_.empty()) mistake(node, "iccids: " + path + " names no card");
    }

    void mistake_in_list(const std::string& path, std::size_t line, std::string what) {
        mistakes_.push_back({list_line_base + line, {"bad_campaign_file", path + ":" + std::to_string(line), "iccids: " + std::move(what)}});
    }

    void target_range(const toml::node& node) {
        const auto* ends = node.as_array();
        const auto first = ends != nullptr && ends->size() == 2 ? ends->get(0)->value_exact<std::string>() : std::nullopt;
        const auto last = ends != nullptr && ends->size() == 2 ? ends->get(1)->value_exact<std::string>() : std::nullopt;
        if (!first || !last) return mistake(node, "imsi_range: expected two IMSIs in quotes, [\"001010000000000\", \"001010000099999\"]");
        for (const auto& one : {*first, *last})
            if (const auto imsi = cards::parse_imsi(one); !imsi) return mistake(node, "imsi_range", imsi.error());
        if (first->size() != last->size() || *first > *last) return mistake(node, "imsi_range: expected two IMSIs of one length, the lower one first");
        made_.targets.imsi_range = {*first, *last};
    }

    void security(const toml::table* table) {
        if (table == nullptr) return;
        only(*table, {"tar", "spi", "kvn", "cc_len"}, "[security]");
        auto& into = made_.security;
        octets(*table, "tar", into.tar);
        if (std::array<std::uint8_t, 2> spi{}; octets(*table, "spi", spi)) {
            into.spi = {spi[0], spi[1]};
            check_spi(*table->get("spi"), into.spi);
        }
        into.key_version = static_cast<std::uint8_t>(number(*table, "kvn", 1, 15).value_or(1));
        const auto checksum = number(*table, "cc_len", 4, 8).value_or(8);
        if (checksum != 4 && checksum != 8) mistake(*table->get("cc_len"), "cc_len: expected 4 or 8");
        into.aes_checksum_octets = static_cast<std::uint8_t>(checksum);
    }

    // What a campaign cannot do without: a counter that the card checks, so that octets sent again have no second effect, and an
    // answer, so that an outcome can be proved.
    void check_spi(const toml::node& node, codec::security_parameter_indicator spi) {
        const auto counter = spi.counter();
        if (counter != codec::counter_mode::must_be_higher && counter != codec::counter_mode::exactly_next)
            mistake(node, "spi: its first octet must ask the card to check the counter (b5b4 = 10 or 11): without, a packet sent again would be executed twice");
        if (spi.response() != codec::proof_of_receipt::always)
            mistake(node, "spi: its second octet must ask for a proof of receipt always (b2b1 = 01): without, no outcome could be known");
        if (spi.command_integrity() == codec::integrity::digital_signature || spi.response_integrity() == codec::integrity::digital_signature)
            mistake(node, "spi: digital signatures are not supported; expected none, RC or CC in b2b1 and in the second octet's b4b3");
        if ((spi.first & 0xe0U) != 0 || (spi.second & 0xc0U) != 0) mistake(node, "spi: reserved bits are set");
    }

    void writes(const toml::table& root) {
        const auto* node = root.get("write");
        const auto* list = node == nullptr ? nullptr : node->as_array();
        if (list == nullptr || list->empty() || !list->is_array_of_tables())
            return node == nullptr ? mistake_at(1, "at least one [[write]] is needed") : mistake(*node, "write: expected sections [[write]]");
        if (list->size() > limits::writes_per_campaign) return mistake(*node, "more than " + std::to_string(limits::writes_per_campaign) + " [[write]]");
        std::set<std::pair<std::string, int>> seen;
        for (const auto& one : *list) {
            const auto& table = *one.as_table();
            const auto write = read_write(table);
            if (!seen.emplace(write.file, write.record).second && !write.file.empty()) mistake(table, "[[write]]: " + write.file + " is written twice");
            made_.writes.push_back(write);
        }
    }

    operations::file_write read_write(const toml::table& table) {
        only(table, {"file", "record", "content"}, "[[write]]");
        operations::file_write write;
        if (const auto file = text(table, "file", true)) {
            if (auto path = operations::parse_file_path(*file)) write.file = std::move(*path);
            else mistake(*table.get("file"), "file", path.error());
        }
        write.record = static_cast<std::uint16_t>(number(table, "record", 1, 254).value_or(0));
        const auto content = text(table, "content", true);
        if (!content) return write;
        const auto& node = *table.get("content");
        const auto most = write.record != 0 ? std::size_t{255} : limits::file_content_octets;
        auto octets = from_hex(*content);
        if (!octets) mistake(node, "content", octets.error());
        else if (octets->empty() || octets->size() > most) mistake(node, "content: expected 1 to " + std::to_string(most) + " octets");
        else write.content = std::move(*octets);
        return write;
    }

    void telecom(const toml::table* table) {
        if (table == nullptr) return;
        only(*table, {"smsc", "por_timeout", "attempts", "parts_max"}, "[telecom]");
        if (auto smsc = text(*table, "smsc", false)) {
            if (context_.smsc_known && !context_.smsc_known(*smsc)) mistake(*table->get("smsc"), "smsc: tessera.toml has no [[smsc]] named \"" + *smsc + "\"");
            made_.smsc = std::move(*smsc);
        }
        if (const auto wait = text(*table, "por_timeout", false)) {
            const auto parsed = parse_duration(*wait);
            if (!parsed) mistake(*table->get("por_timeout"), "por_timeout", parsed.error());
            else if (*parsed < std::chrono::milliseconds(1)) mistake(*table->get("por_timeout"), "por_timeout: expected at least 1ms");
            else made_.por_timeout = *parsed;
        }
        made_.attempts = static_cast<int>(number(*table, "attempts", 1, attempts_max).value_or(made_.attempts));
        made_.parts_max = static_cast<std::size_t>(number(*table, "parts_max", 1, parts_max_max).value_or(static_cast<std::int64_t>(made_.parts_max)));
    }

    const file_context& context_;
    definition made_;
    std::vector<located_error> mistakes_;
};

}  // namespace

std::expected<definition, std::vector<error>> parse_campaign_file(std::string_view text, const file_context& context) {
    return file_parser(context).parse(text);
}

}  // namespace tessera::campaigns
