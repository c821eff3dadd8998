#include "campaigns/campaign_file_reads.h"

#include <set>

#include "base/hex.h"
#include "base/limits.h"
#include "campaigns/campaign_file_personal.h"
#include "campaigns/campaign_file_value.h"
#include "codec/uicc_files.h"
#include "operations/file_path.h"

namespace tessera::campaigns {
namespace {

class read_section {
public:
    explicit read_section(checked_toml& notes) : toml_(notes) {}

    operations::file_read read(const toml::table& table) {
        toml_.only(table, {"file", "record", "length", "expect"}, "[[read]]");
        if (const auto file = toml_.text(table, "file", true)) {
            if (auto found = operations::find_file(*file)) {
                made_.file = std::move(found->path);
                known_ = found->known;
            } else {
                toml_.mistake(*table.get("file"), "file", found.error());
            }
        }
        made_.record = static_cast<std::uint16_t>(toml_.number(table, "record", 1, 254).value_or(0));
        if (known_ != nullptr) {
            const bool has_records = known_->structure != codec::file_structure::transparent;
            const auto name = codec::name_of(*known_);
            if (has_records != table.contains("record"))
                toml_.mistake(table, has_records ? "record: is missing; " + name + " consists of records"
                                                 : "record: " + name + " has no records");
        }
        const auto most =
            static_cast<std::int64_t>(table.contains("record") ? std::size_t{255} : limits::file_content_octets);
        made_.length = static_cast<std::size_t>(toml_.number(table, "length", 1, most).value_or(0));
        if (const auto* expect = table.get("expect"); expect != nullptr && !made_.file.empty()) expectation(*expect);
        return std::move(made_);
    }

private:
    // A text in hexadecimal is content; anything else a value. {content = ...} and {value = ...} say which.
    void expectation(const toml::node& node) {
        if (const auto* table = node.as_table(); table != nullptr && table->size() == 1) {
            if (const auto* value = table->get("value")) return by_value(*value);
            if (const auto* text = table->get("content")) return by_content(*text);
        }
        const auto text = node.value_exact<std::string>();
        if (text && (known_ == nullptr || from_hex(*text))) return by_content(node);
        by_value(node);
    }

    void by_content(const toml::node& node) {
        const auto text = node.value_exact<std::string>();
        if (!text) return toml_.mistake(node, "expect: expected content in hexadecimal, in quotes");
        auto octets = from_hex(*text);
        if (!octets) return toml_.mistake(node, "expect", octets.error());
        accept(node, std::move(*octets));
    }

    void by_value(const toml::node& node) {
        if (known_ == nullptr)
            return toml_.mistake(node, "expect: nothing is known of " + made_.file +
                                           ", so give its content; `tessera ef list` shows what is known");
        toml_value source;
        const auto value = source.read(node, "value");
        if (value && value_has_variables(*value))
            return toml_.mistake(node, "expect: variables stand in [[write]] only");
        auto content =
            value ? codec::encode_file(*known_, *value, filled_to()) : result<bytes>(std::unexpected(source.problem()));
        if (!content) return toml_.mistake(source.node_at(content.error().field), "expect", content.error());
        made_.by_value = true;
        accept(node, std::move(*content));
    }
    [[nodiscard]] std::optional<std::size_t> filled_to() const {
        return made_.length == 0 ? std::nullopt : std::optional(made_.length);
    }

    void accept(const toml::node& node, bytes content) {
        const auto most = made_.length != 0   ? made_.length
                          : made_.record != 0 ? std::size_t{255}
                                              : limits::file_content_octets;
        if (content.empty() || content.size() > most)
            return toml_.mistake(node, "expect: takes " + std::to_string(content.size()) + " octets, expected 1 to " +
                                           std::to_string(most));
        made_.expected = std::move(content);
    }

    checked_toml& toml_;
    const codec::uicc_file* known_ = nullptr;
    operations::file_read made_;
};

void check_packets(const toml::node& node, const std::vector<operations::file_read>& reads, checked_toml& notes) {
    std::size_t packets = 0;
    for (const auto& one : reads)
        packets += one.record != 0 || one.length == 0
                       ? 1
                       : (one.length + operations::read_back_piece_octets - 1) / operations::read_back_piece_octets;
    if (packets > limits::packets_per_card)
        notes.mistake(node, "read: the lengths take " + std::to_string(packets) + " packets a card, more than " +
                                std::to_string(limits::packets_per_card));
}

}  // namespace

bool wants_audit(const toml::table& root, checked_toml& notes) {
    const auto* campaign = root.get_as<toml::table>("campaign");
    const auto* kind = campaign == nullptr ? nullptr : campaign->get("kind");
    bool audit = root.contains("read");
    if (kind != nullptr) {
        const auto name = kind->value_exact<std::string>();
        if (name != "audit" && name != "write")
            notes.mistake(*kind, "kind: expected \"write\" or \"audit\"");
        else if (name == "write" && audit)
            notes.mistake(*kind, "kind: [[read]] goes with kind = \"audit\"");
        audit = audit || name == "audit";
    }
    if (audit && root.contains("write"))
        notes.mistake(*root.get("write"), "[[write]]: an audit reads and does not write; make two campaigns of it");
    return audit;
}

std::vector<operations::file_read> read_reads(const toml::table& root, checked_toml& notes) {
    std::vector<operations::file_read> made;
    const auto* node = root.get("read");
    const auto* list = node == nullptr ? nullptr : node->as_array();
    if (list == nullptr || list->empty() || !list->is_array_of_tables()) {
        node == nullptr ? notes.mistake_at(1, "at least one [[read]] is needed")
                        : notes.mistake(*node, "read: expected sections [[read]]");
        return made;
    }
    if (list->size() > limits::writes_per_campaign) {
        notes.mistake(*node, "more than " + std::to_string(limits::writes_per_campaign) + " [[read]]");
        return made;
    }
    std::set<std::pair<std::string, int>> seen;
    for (const auto& one : *list) {
        const auto& table = *one.as_table();
        made.push_back(read_section(notes).read(table));
        if (!made.back().file.empty() && !seen.emplace(made.back().file, made.back().record).second)
            notes.mistake(table, "[[read]]: " + made.back().file + " is read twice");
    }
    if (notes.clean()) check_packets(*node, made, notes);
    return made;
}

}  // namespace tessera::campaigns
