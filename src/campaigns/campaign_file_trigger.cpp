#include "campaigns/campaign_file_trigger.h"

#include <sstream>

#include "base/event_limits.h"
#include "campaigns/campaign_file.h"
#include "cards/identifiers.h"

namespace tessera::campaigns {
namespace {

class trigger_reader {
public:
    trigger_reader(const toml::table& table, const file_context& context, checked_toml& notes)
        : table_(table), context_(context), toml_(notes) {}

    trigger_terms read() {
        toml_.only(table_, {"name", "on", "profile", "tag", "imei", "every", "cards_max", "per_card_and_day"},
                   "[trigger]");
        if (const auto name = toml_.text(table_, "name", true)) {
            if (const auto checked = cards::parse_tag(*name, "name"); !checked)
                toml_.mistake(*table_.get("name"), "name", checked.error());
            made_.name = *name;
        }
        kinds();
        profile();
        made_.tags =
            toml_.texts(table_, "tag", 1, limits::trigger_list_items, [&](const std::string& tag) -> result<void> {
                TESSERA_TRY(cards::parse_tag(tag));
                if (!context_.tag_known) return {};
                TESSERA_TRY_VALUE(const bool known, context_.tag_known(tag));
                return known ? result<void>() : failure("not_found", "tag", "no card has the tag \"" + tag + "\"");
            });
        made_.imei =
            toml_.texts(table_, "imei", 1, limits::trigger_list_items, [](const std::string& digits) -> result<void> {
                const bool good = !digits.empty() && digits.size() <= cards::imei_digits &&
                                  std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
                return good ? result<void>()
                            : failure("bad_imei", "imei", "expected the first digits of IMEIs, as the 8 of a TAC");
            });
        made_.every = toml_.span(table_, "every", duration::zero()).value_or(made_.every);
        made_.cards_max = toml_.number(table_, "cards_max", 1, limits::triggered_cards).value_or(made_.cards_max);
        made_.per_card_and_day = toml_.number(table_, "per_card_and_day", 1, limits::triggers_per_card_and_day)
                                     .value_or(made_.per_card_and_day);
        return std::move(made_);
    }

private:
    void kinds() {
        const auto names =
            toml_.texts(table_, "on", 1, cards::event_kinds, [](const std::string& name) -> result<void> {
                return cards::event_kind_from(name)
                           ? result<void>()
                           : failure("bad_event", "on", "expected registration, first-registration or new-imei");
            });
        for (const auto& name : names)
            if (const auto kind = cards::event_kind_from(name); !made_.means(*kind)) made_.on.push_back(*kind);
        if (!table_.contains("on")) toml_.mistake(table_, "on: is missing");
    }

    void profile() {
        made_.profile = toml_.text(table_, "profile", false).value_or("");
        if (made_.profile.empty() || !context_.profile_known) return;
        const auto known = context_.profile_known(made_.profile);
        if (!known)
            toml_.mistake(*table_.get("profile"), "profile", known.error());
        else if (!*known)
            toml_.mistake(*table_.get("profile"), "profile: the registry has no card of \"" + made_.profile + "\"");
    }

    const toml::table& table_;
    const file_context& context_;
    checked_toml& toml_;
    trigger_terms made_;
};

}  // namespace

trigger_terms read_trigger(const toml::table& table, const file_context& context, target_selection& targets,
                           checked_toml& notes) {
    auto made = trigger_reader(table, context, notes).read();
    if (!made.profile.empty()) targets.include.profile = made.profile;
    targets.include.tags = made.tags;
    return made;
}

result<std::string> triggered_file(std::string_view text, const std::vector<std::string>& iccids) {
    checked_toml reader("bad_campaign_file", "trigger");
    auto root = reader.parse(text);
    if (!root) return std::unexpected(reader.take_mistakes().front());
    toml::array cards;
    for (const auto& one : iccids) cards.push_back(one);
    root->erase("trigger");
    root->insert_or_assign("targets", toml::table{{"iccids", std::move(cards)}});
    // One line a text: toml_screen.h reads lines.
    constexpr auto style = toml::toml_formatter::default_flags & ~toml::format_flags::allow_multi_line_strings;
    std::ostringstream made;
    made << toml::toml_formatter{*root, style} << '\n';
    return made.str();
}

}  // namespace tessera::campaigns
