#include "campaigns/campaign_file.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/checked_toml.h"
#include "base/hex.h"
#include "base/limits.h"
#include "campaigns/campaign_file_applications.h"
#include "campaigns/campaign_file_keys.h"
#include "campaigns/campaign_file_personal.h"
#include "campaigns/campaign_file_profiles.h"
#include "campaigns/campaign_file_reads.h"
#include "campaigns/campaign_file_retry.h"
#include "campaigns/campaign_file_route.h"
#include "campaigns/campaign_file_targets.h"
#include "campaigns/campaign_file_terminals.h"
#include "campaigns/campaign_file_trigger.h"
#include "campaigns/campaign_file_value.h"
#include "campaigns/campaign_file_waves.h"
#include "campaigns/campaign_file_window.h"
#include "campaigns/packet_limits.h"
#include "campaigns/target_sides.h"
#include "codec/uicc_files.h"
#include "operations/file_path.h"

namespace tessera::campaigns {
namespace {

constexpr std::int64_t parts_max_max = 32;

class file_parser {
public:
    explicit file_parser(const file_context& context) : context_(context), toml_("bad_campaign_file", context.file) {}

    std::expected<definition, std::vector<error>> parse(std::string_view text) {
        if (text.size() > limits::campaign_file_octets)
            toml_.mistake_at(1, "is longer than " + std::to_string(limits::campaign_file_octets) + " octets");
        else if (const auto root = toml_.parse(text))
            read(*root);
        if (!toml_.clean()) return std::unexpected(toml_.take_mistakes());
        return std::move(made_);
    }

private:
    void read(const toml::table& root) {
        toml_.only(root,
                   {"campaign", "targets", "security", "write", "read", "application", "load_files", "key", "setting",
                    "terminals", "telecom", "waves", "wave", "window", "resolved", "trigger"},
                   "the file");
        terminals_only_ = is_for_terminals_only(root);
        campaign(toml_.section(root, "campaign", true));
        targets(root);
        security(toml_.section(root, "security", true));
        actions(root);
        telecom(toml_.section(root, "telecom", false));
        made_.waves = read_waves(root, context_, toml_);
        made_.window = read_window(root, toml_);
        made_.profiles = read_profile_terms(root, toml_);
        read_resolved(root, context_.stored, made_, toml_);
        if (!toml_.clean() || made_.is_audit()) return;
        if (!terminals_only_)
            for (auto& one : packet_mistakes(made_))
                toml_.mistake(*root.get(made_.rotation               ? "key"
                                        : made_.applications.empty() ? "write"
                                                                     : "application"),
                              std::move(one));
        if (made_.terminals)
            for (auto& one : packet_mistakes(for_terminals(made_))) toml_.mistake(*root.get("setting"), std::move(one));
    }

    // Whom it is for: said by the file, or by events.
    void targets(const toml::table& root) {
        const auto* other = root.get(context_.triggered ? "targets" : "trigger");
        if (other != nullptr)
            toml_.mistake(*other, context_.triggered ? "[targets]: the targets of a trigger are the cards of its events"
                                                     : "[trigger]: goes with tessera trigger add");
        const auto* table = toml_.section(root, context_.triggered ? "trigger" : "targets", true);
        if (table == nullptr) return;
        if (context_.triggered)
            made_.trigger = read_trigger(*table, context_, made_.targets, toml_);
        else
            made_.targets = read_targets(*table, context_, toml_);
    }

    // Files and applications have other addresses on a card, and an outcome speaks of one thing.
    void actions(const toml::table& root) {
        if (wants_audit(root, toml_)) {
            refuse_terminals_beside(root, "an audit", toml_);
            for (const auto* other : {"key", "application", "load_files"})
                if (const auto* node = root.get(other))
                    toml_.mistake(*node, std::string(other) + ": does not go with [[read]] in one campaign");
            made_.reads = read_reads(root, toml_);
            return;
        }
        if (root.contains("key")) {
            refuse_terminals_beside(root, "[[key]]", toml_);
            for (const auto* other : {"write", "application", "load_files"})
                if (const auto* node = root.get(other))
                    toml_.mistake(*node, std::string(other) + ": does not go with [[key]] in one campaign");
            made_.rotation = read_key_rotation(root, spoken_by_, toml_);
            if (made_.rotation) made_.security.key_version = made_.rotation->replaced;
            return;
        }
        if (!root.contains("application")) {
            if (const auto* node = root.get("load_files"))
                toml_.mistake(*node, "load_files: goes with [[application]]");
            if (has_terminal_part(root)) terminals(root);
            if (!terminals_only_) writes(root);
            return;
        }
        refuse_terminals_beside(root, "[[application]]", toml_);
        if (const auto* node = root.get("write"))
            toml_.mistake(*node, "write: a campaign has [[write]] or [[application]], not both");
        made_.applications = read_applications(root, context_, toml_, made_.load_files);
    }

    void terminals(const toml::table& root) {
        made_.terminals = read_terminals(root, context_, toml_);
        if (!made_.terminals) return;
        made_.targets.kind = terminals_only_ ? target_kind::terminals : target_kind::both;
        if (terminals_only_) made_.security.tar = made_.terminals->application;
    }

    template <std::size_t Size>
    bool octets(const toml::table& table, std::string_view key, std::array<std::uint8_t, Size>& into) {
        const auto value = toml_.text(table, key, true);
        if (!value) return false;
        if (auto read = from_hex_into(*value, into); !read) {
            toml_.mistake(*table.get(key), key, read.error());
            return false;
        }
        return true;
    }

    void campaign(const toml::table* table) {
        if (table == nullptr) return;
        toml_.only(*table, {"name", "kind"}, "[campaign]");
        const auto name = toml_.text(*table, "name", true);
        if (!name) return;
        if (name->empty() || name->size() > campaign_name_octets)
            toml_.mistake(*table->get("name"), "name: expected 1 to 200 characters");
        if (std::ranges::any_of(*name, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
            toml_.mistake(*table->get("name"), "name: control characters cannot be part of it");
        made_.name = *name;
    }

    void security(const toml::table* table) {
        if (table == nullptr) return;
        toml_.only(*table, {"tar", "application", "spi", "kvn", "cc_len", "format", "chaining"}, "[security]");
        auto& into = made_.security;
        if (terminals_only_)
            refuse_what_is_of_cards(*table);
        else if (!table->contains("application"))
            octets(*table, "tar", into.tar);
        if (std::array<std::uint8_t, 2> spi{}; octets(*table, "spi", spi)) {
            into.spi = {spi[0], spi[1]};
            check_spi(*table->get("spi"), into.spi);
        }
        read_key_version(*table);
        const auto checksum = toml_.number(*table, "cc_len", 4, 8).value_or(8);
        if (checksum != 4 && checksum != 8) toml_.mistake(*table->get("cc_len"), "cc_len: expected 4 or 8");
        into.aes_checksum_octets = static_cast<std::uint8_t>(checksum);
        script_shape(*table);
    }

    void refuse_what_is_of_cards(const toml::table& table) {
        for (const auto* key : {"tar", "application", "format", "chaining"})
            if (const auto* node = table.get(key))
                toml_.mistake(*node, std::string(key) + ": is for cards, and the campaign has nothing for them" +
                                         (key == std::string_view("tar") ? "; an agent's stands in [terminals]" : ""));
    }

    // A number, or "current"; not said, it is that, too.
    void read_key_version(const toml::table& table) {
        const auto* node = table.get("kvn");
        if (node == nullptr || node->value_exact<std::string>() == "current") {
            made_.current_key_set = true;
            return;
        }
        if (node->is_string()) return toml_.mistake(*node, "kvn: expected a number from 1 to 15, or \"current\"");
        const auto number = toml_.number(table, "kvn", 1, 15);
        if (number) spoken_by_ = static_cast<std::uint8_t>(*number);
        made_.security.key_version = spoken_by_.value_or(1);
    }

    void script_shape(const toml::table& table) {
        const auto format = toml_.text(table, "format", false).value_or("compact");
        if (format != "compact" && format != "expanded")
            toml_.mistake(*table.get("format"), "format: expected compact or expanded");
        made_.security.format =
            format == "expanded" ? operations::script_format::expanded : operations::script_format::compact;
        made_.chaining = toml_.flag(table, "chaining").value_or(false);
        if (made_.chaining && format == "compact")
            toml_.mistake(*table.get("chaining"), "chaining: goes with format = \"expanded\"");
    }

    // What a campaign cannot do without: a counter that the card checks, so that octets sent again have no second
    // effect, and an answer, so that an outcome can be proved.
    void check_spi(const toml::node& node, codec::security_parameter_indicator spi) {
        const auto counter = spi.counter();
        if (counter != codec::counter_mode::must_be_higher && counter != codec::counter_mode::exactly_next)
            toml_.mistake(node,
                          "spi: its first octet must ask the card to check the counter (b5b4 = 10 or 11): without, a "
                          "packet sent again would be executed twice");
        if (spi.response() != codec::proof_of_receipt::always)
            toml_.mistake(node,
                          "spi: its second octet must ask for a proof of receipt always (b2b1 = 01): without, no "
                          "outcome could be known");
        if (spi.command_integrity() == codec::integrity::digital_signature ||
            spi.response_integrity() == codec::integrity::digital_signature)
            toml_.mistake(node,
                          "spi: digital signatures are not supported; expected none, RC or CC in b2b1 and in the "
                          "second octet's b4b3");
        if ((spi.first & 0xe0U) != 0 || (spi.second & 0xc0U) != 0) toml_.mistake(node, "spi: reserved bits are set");
    }

    void writes(const toml::table& root) {
        const auto* node = root.get("write");
        const auto* list = node == nullptr ? nullptr : node->as_array();
        if (list == nullptr || list->empty() || !list->is_array_of_tables())
            return node == nullptr ? toml_.mistake_at(1, "at least one [[write]] is needed")
                                   : toml_.mistake(*node, "write: expected sections [[write]]");
        if (list->size() > limits::writes_per_campaign)
            return toml_.mistake(*node, "more than " + std::to_string(limits::writes_per_campaign) + " [[write]]");
        std::set<std::pair<std::string, int>> seen;
        for (const auto& one : *list) {
            const auto& table = *one.as_table();
            const auto write = read_write(table);
            if (!seen.emplace(write.file, write.record).second && !write.file.empty())
                toml_.mistake(table, "[[write]]: " + write.file + " is written twice");
            made_.writes.push_back(write);
        }
    }

    operations::file_write read_write(const toml::table& table) {
        toml_.only(table, {"file", "record", "content", "value", "length"}, "[[write]]");
        operations::file_write write;
        const codec::uicc_file* known = nullptr;
        if (const auto file = toml_.text(table, "file", true)) {
            if (auto found = operations::find_file(*file)) {
                write.file = std::move(found->path);
                known = found->known;
            } else {
                toml_.mistake(*table.get("file"), "file", found.error());
            }
        }
        write.record = static_cast<std::uint16_t>(toml_.number(table, "record", 1, 254).value_or(0));
        const bool by_value = table.contains("value");
        if (by_value == table.contains("content"))
            toml_.mistake(table, by_value ? "content and value: exactly one of them says what is written"
                                          : "content: is missing, and value too: one of them says what is written");
        else if (!by_value)
            read_content(table, write);
        else if (!write.file.empty())
            read_value(table, known, write);
        if (!by_value && table.contains("length")) toml_.mistake(*table.get("length"), "length: goes with value only");
        return write;
    }

    void read_content(const toml::table& table, operations::file_write& write) {
        const auto content = toml_.text(table, "content", true);
        if (!content) return;
        const auto& node = *table.get("content");
        if (has_variables(*content)) return add_personal(read_personal_content(node, *content, context_, toml_));
        const auto most = write.record != 0 ? std::size_t{255} : limits::file_content_octets;
        auto octets = from_hex(*content);
        if (!octets)
            toml_.mistake(node, "content", octets.error());
        else if (octets->empty() || octets->size() > most)
            toml_.mistake(node, "content: expected 1 to " + std::to_string(most) + " octets");
        else
            write.content = std::move(*octets);
    }

    void read_value(const toml::table& table, const codec::uicc_file* known, operations::file_write& write) {
        const auto& node = *table.get("value");
        if (known == nullptr)
            return toml_.mistake(node, "value: nothing is known of " + write.file +
                                           ", so write its content; `tessera ef list` shows what is known");
        const auto name = codec::name_of(*known);
        if (!known->written_over_the_air)
            return toml_.mistake(node, "value: " + name + " tells who the card is and is not written by value");
        const bool has_records = known->structure != codec::file_structure::transparent;
        if (has_records != (write.record != 0))
            return toml_.mistake(table, has_records ? "record: is missing; " + name + " consists of records"
                                                    : "record: " + name + " has no records");
        const auto length = toml_.number(table, "length", 1, static_cast<std::int64_t>(limits::file_content_octets));
        if (table.contains("length") && !length) return;
        toml_value source;
        const auto value = source.read(node, "value");
        if (value && value_has_variables(*value)) {
            auto own = read_personal_value(node, *value, context_, toml_);
            if (length) own.length = static_cast<std::size_t>(*length);
            return add_personal(std::move(own));
        }
        auto content =
            value ? codec::encode_file(*known, *value, length) : result<bytes>(std::unexpected(source.problem()));
        if (content)
            write.content = std::move(*content);
        else if (content.error().field == "length")
            toml_.mistake(*table.get("length"), "length", content.error());
        else
            toml_.mistake(source.node_at(content.error().field), content.error().field, content.error());
    }

    void add_personal(personal_write own) {
        own.write = made_.writes.size();
        made_.personal.push_back(std::move(own));
    }

    void telecom(const toml::table* table) {
        if (table == nullptr) return;
        toml_.only(*table,
                   {"smsc", "priority", "por_timeout", "attempts", "parts_max", "validity", "wait_validity", "retry"},
                   "[telecom]");
        made_.way = read_radio_way(*table, context_, toml_);
        made_.por_timeout = toml_.span(*table, "por_timeout", std::chrono::milliseconds(1)).value_or(made_.por_timeout);
        made_.attempts = static_cast<int>(toml_.number(*table, "attempts", 1, attempts_max).value_or(made_.attempts));
        made_.parts_max = static_cast<std::size_t>(
            toml_.number(*table, "parts_max", 1, parts_max_max).value_or(static_cast<std::int64_t>(made_.parts_max)));
        read_sending_again(*table, made_, toml_);
    }

    const file_context& context_;
    checked_toml toml_;
    std::optional<std::uint8_t> spoken_by_;  // kvn of [security]
    bool terminals_only_ = false;            // it has settings, and nothing for cards
    definition made_;
};

}  // namespace

std::expected<definition, std::vector<error>> parse_campaign_file(std::string_view text, const file_context& context) {
    return file_parser(context).parse(text);
}

}  // namespace tessera::campaigns
