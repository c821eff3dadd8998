#include "tessera/configuration_events.h"

#include "base/event_limits.h"
#include "base/hex.h"
#include "base/limits.h"

namespace tessera::app {
namespace {

constexpr std::size_t address_digits_max = 20;  // SMPP 3.4 clause 5.2.9

class rule_reader {
public:
    rule_reader(const toml::table& table, checked_toml& notes) : table_(table), toml_(notes) {}

    operations::event_rule read() {
        toml_.only(table_, {"kind", "to", "port", "begins_with", "imei", "imei_at"}, "[[event]]");
        kind();
        destination();
        prefix();
        place();
        if (!table_.contains("to") && !table_.contains("port") && !table_.contains("begins_with"))
            toml_.mistake(table_, "[[event]]: one of to, port and begins_with at least says which messages are meant");
        return std::move(made_);
    }

private:
    void kind() {
        const auto name = toml_.text(table_, "kind", false);
        if (!name) return;
        const auto found = cards::event_kind_from(*name);
        if (!found || *found == cards::event_kind::first_registration)
            return toml_.mistake(*table_.get("kind"), "kind: expected registration or new-imei");
        made_.kind = *found;
    }

    void destination() {
        if (const auto to = toml_.text(table_, "to", false)) {
            made_.to = to->starts_with('+') ? to->substr(1) : *to;
            const bool good = std::ranges::all_of(made_.to, [](char c) { return c > 0x20 && c < 0x7f; });
            if (made_.to.empty() || made_.to.size() > address_digits_max || !good)
                toml_.mistake(*table_.get("to"), "to: expected the number that cards send to, at most 20 digits");
        }
        if (const auto port = toml_.number(table_, "port", 0, 65'535)) made_.port = static_cast<std::uint16_t>(*port);
    }

    void prefix() {
        const auto text = toml_.text(table_, "begins_with", false);
        if (!text) return;
        auto octets = from_hex(*text);
        if (!octets)
            toml_.mistake(*table_.get("begins_with"), "begins_with", octets.error());
        else if (octets->empty() || octets->size() > limits::event_prefix_octets)
            toml_.mistake(*table_.get("begins_with"),
                          "begins_with: expected 1 to " + std::to_string(limits::event_prefix_octets) + " octets");
        else
            made_.begins_with = std::move(*octets);
    }

    void place() {
        if (const auto name = toml_.text(table_, "imei", false)) {
            const auto form = operations::imei_form_from(*name);
            if (!form)
                toml_.mistake(*table_.get("imei"), "imei: expected tlv, identity, bcd, text or none");
            else
                made_.imei = *form;
        }
        if (made_.imei == operations::imei_form::none && made_.kind == cards::event_kind::new_imei)
            toml_.mistake(*table_.get("imei"), "imei: an event new-imei has one");
        const auto at = toml_.number(table_, "imei_at", 0, static_cast<std::int64_t>(limits::short_message_octets) - 1);
        made_.imei_at = at ? static_cast<std::size_t>(*at) : made_.begins_with.size();
    }

    const toml::table& table_;
    checked_toml& toml_;
    operations::event_rule made_;
};

}  // namespace

std::vector<operations::event_rule> read_event_rules(const toml::node& node, checked_toml& notes) {
    std::vector<operations::event_rule> made;
    const auto* list = node.as_array();
    if (list == nullptr || !list->is_array_of_tables() || list->size() > limits::event_rules) {
        notes.mistake(node, "event: expected at most " + std::to_string(limits::event_rules) + " sections [[event]]");
        return made;
    }
    for (const auto& one : *list) made.push_back(rule_reader(*one.as_table(), notes).read());
    return made;
}

}  // namespace tessera::app
