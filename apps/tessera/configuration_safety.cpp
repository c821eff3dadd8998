#include "tessera/configuration_safety.h"

#include "base/limits.h"
#include "base/time_zone.h"
#include "cards/identifiers.h"

namespace tessera::app {
namespace {

constexpr std::size_t prefix_digits_max = 15;

class rules_reader {
public:
    explicit rules_reader(checked_toml& notes) : toml_(notes) {}

    campaigns::house_rules read(const toml::table& root) {
        if (const auto* table = toml_.section(root, "safety", false)) safety(*table);
        if (const auto* node = root.get("zone")) zones(*node);
        return std::move(made_);
    }

private:
    void safety(const toml::table& table) {
        toml_.only(table, {"test_cards", "test_tag", "sends_per_hour"}, "[safety]");
        made_.test_cards =
            toml_.texts(table, "test_cards", 0, limits::house_list_items, [](const std::string& text) -> result<void> {
                TESSERA_TRY(cards::parse_iccid_or_imei(text));
                return {};
            });
        if (const auto tag = toml_.text(table, "test_tag", false); tag && !tag->empty()) {
            if (const auto parsed = cards::parse_tag(*tag); !parsed)
                toml_.mistake(*table.get("test_tag"), "test_tag", parsed.error());
            made_.test_tag = *tag;
        }
        made_.sends_per_hour = toml_.number(table, "sends_per_hour", 0, 1'000'000'000).value_or(0);
    }

    void zones(const toml::node& node) {
        const auto* all = node.as_array();
        if (all == nullptr || !all->is_array_of_tables() || all->size() > limits::house_zones)
            return toml_.mistake(
                node, "zone: expected at most " + std::to_string(limits::house_zones) + " sections [[zone]]");
        for (const auto& one : *all) {
            const auto& table = *one.as_table();
            toml_.only(table, {"name", "imsi", "msisdn", "tag"}, "[[zone]]");
            campaigns::zone_rule rule;
            rule.name = toml_.text(table, "name", true).value_or("");
            if (const auto known = time_zone::find(rule.name); !known && table.contains("name"))
                toml_.mistake(*table.get("name"), "name", known.error());
            rule.imsi = toml_.texts(table, "imsi", 0, limits::house_list_items, prefix);
            rule.msisdn = toml_.texts(table, "msisdn", 0, limits::house_list_items, prefix);
            rule.tags =
                toml_.texts(table, "tag", 0, limits::house_list_items, [](const std::string& text) -> result<void> {
                    TESSERA_TRY(cards::parse_tag(text));
                    return {};
                });
            made_.zones.push_back(std::move(rule));
        }
    }

    static result<void> prefix(const std::string& text) {
        const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
        if (!text.empty() && text.size() <= prefix_digits_max && digits) return {};
        return failure("bad_prefix", "prefix", "expected the first digits of a number, at most 15");
    }

    checked_toml& toml_;
    campaigns::house_rules made_;
};

}  // namespace

campaigns::house_rules read_house_rules(const toml::table& root, checked_toml& notes) {
    return rules_reader(notes).read(root);
}

}  // namespace tessera::app
