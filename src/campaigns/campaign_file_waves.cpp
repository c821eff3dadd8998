#include "campaigns/campaign_file_waves.h"

#include "base/limits.h"
#include "cards/identifiers.h"

namespace tessera::campaigns {
namespace {

class wave_reader {
public:
    wave_reader(const file_context& context, checked_toml& notes) : context_(context), toml_(notes) {}

    wave_rules read(const toml::table& root) {
        wave_rules made;
        wave_terms defaults;
        const auto* table = toml_.section(root, "waves", false);
        if (table != nullptr) {
            toml_.only(*table, {"success_threshold", "error_threshold", "approval", "seed"}, "[waves]");
            defaults = terms(*table, defaults);
            constexpr auto most = std::numeric_limits<std::int64_t>::max();
            if (const auto seed = toml_.number(*table, "seed", 0, most)) made.seed = static_cast<std::uint64_t>(*seed);
        }
        const auto* node = root.get("wave");
        if (node != nullptr)
            read_list(*node, defaults, made);
        else if (table != nullptr)
            made.rules.push_back({{}, {}, {}, defaults});
        return made;
    }

private:
    void read_list(const toml::node& node, const wave_terms& defaults, wave_rules& made) {
        const auto* list = node.as_array();
        if (list == nullptr || list->empty() || !list->is_array_of_tables())
            return toml_.mistake(node, "wave: expected sections [[wave]]");
        if (list->size() > limits::waves_per_campaign)
            return toml_.mistake(node, "more than " + std::to_string(limits::waves_per_campaign) + " [[wave]]");
        double percents = 0;
        for (const auto& one : *list) {
            const auto rule = read_one(*one.as_table(), defaults, made.rules.size() + 1 == list->size());
            percents += rule.percent.value_or(0);
            made.rules.push_back(rule);
        }
        if (percents > 100.000001) toml_.mistake(node, "percent: the waves take more than 100 percent together");
        if (context_.triggered && !context_.stored) check_for_events(*list, made);
    }

    // The cards of events are few or many, and with any tags: waves must take them whichever they are.
    void check_for_events(const toml::array& list, const wave_rules& made) {
        for (const auto& one : list)
            if (const auto* tag = one.as_table()->get("tag"))
                toml_.mistake(*tag, "tag: the cards of a trigger's events may all be without it; give size or percent");
        const auto& last = made.rules.back();
        if (last.size || last.percent)
            toml_.mistake(*list.back().as_table(),
                          "[[wave]]: the last one of a trigger must be without size and percent, and take the rest");
    }

    wave_rule read_one(const toml::table& table, const wave_terms& defaults, bool last) {
        toml_.only(table, {"size", "percent", "tag", "success_threshold", "error_threshold", "approval"}, "[[wave]]");
        wave_rule made;
        made.size = toml_.number(table, "size", 1, std::numeric_limits<std::int64_t>::max());
        made.percent = percent(table, "percent");
        if (made.percent == 0.0) toml_.mistake(*table.get("percent"), "percent: expected more than 0");
        if (table.contains("tag")) made.tag = tag(table);
        made.terms = terms(table, defaults);
        const auto named = static_cast<int>(table.contains("size")) + static_cast<int>(table.contains("percent")) +
                           static_cast<int>(table.contains("tag"));
        if (named > 1) toml_.mistake(table, "[[wave]]: only one of size, percent and tag says which cards it takes");
        if (named == 0 && !last)
            toml_.mistake(table,
                          "[[wave]]: needs size, percent or tag; only the last one may be without, and takes the rest");
        return made;
    }

    wave_terms terms(const toml::table& table, wave_terms defaults) {
        defaults.success_threshold = percent(table, "success_threshold").value_or(defaults.success_threshold);
        defaults.error_threshold = percent(table, "error_threshold").value_or(defaults.error_threshold);
        defaults.approval = toml_.flag(table, "approval").value_or(defaults.approval);
        return defaults;
    }

    std::optional<double> percent(const toml::table& table, std::string_view key) {
        const auto* node = table.get(key);
        if (node == nullptr) return std::nullopt;
        std::optional<double> value = node->value_exact<double>();
        if (const auto whole = node->value_exact<std::int64_t>()) value = static_cast<double>(*whole);
        // Written so that "nan" fails.
        if (value && *value >= 0 && *value <= 100) return value;
        toml_.mistake(*node, std::string(key) + ": expected a number from 0 to 100, in percent");
        return std::nullopt;
    }

    std::string tag(const toml::table& table) {
        const auto text = toml_.text(table, "tag", true);
        if (!text) return {};
        const auto& node = *table.get("tag");
        auto made = cards::parse_tag(*text);
        if (!made) {
            toml_.mistake(node, "tag", made.error());
            return {};
        }
        const auto known = context_.tag_known ? context_.tag_known(*made) : result<bool>(true);
        if (!known)
            toml_.mistake(node, "tag", known.error());
        else if (!*known)
            toml_.mistake(node, "tag: no card of the registry has tag \"" + *made + "\"");
        return std::move(*made);
    }

    const file_context& context_;
    checked_toml& toml_;
};

}  // namespace

wave_rules read_waves(const toml::table& root, const file_context& context, checked_toml& notes) {
    return wave_reader(context, notes).read(root);
}

}  // namespace tessera::campaigns
