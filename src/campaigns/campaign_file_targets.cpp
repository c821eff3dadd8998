#include "campaigns/campaign_file_targets.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "base/limits.h"
#include "base/system_error.h"
#include "cards/identifiers.h"

namespace tessera::campaigns {
namespace {

using cards::identifier;
using optional_range = std::optional<std::pair<std::string, std::string>>;

constexpr std::array<std::string_view, 11> selector_keys{"profile",     "iccids",     "imsis",        "msisdns",
                                                         "iccid_range", "imsi_range", "msisdn_range", "tag",
                                                         "campaign",    "outcome",    "image"};

bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A terminal's IMEI stands where a card has its ICCID.
bool is_imei(std::string_view text) { return text.size() == 15 && all_digits(text); }

// The form that the registry keeps.
result<std::string> checked_name(identifier which, std::string_view text) {
    if (which == identifier::iccid) return cards::parse_iccid_or_imei(text);
    if (which == identifier::imsi) return cards::parse_imsi(text);
    TESSERA_TRY_VALUE(const auto number, cards::parse_msisdn(text));
    return std::to_string(number);
}

// The end of a range need not be a card's: an ICCID's check digit is not looked at.
result<std::string> checked_end(identifier which, std::string_view text) {
    if (which != identifier::iccid) return checked_name(which, text);
    if (!is_imei(text) && (text.size() < 18 || text.size() > 20 || !all_digits(text)))
        return failure("bad_iccid", "iccid", "expected 18 to 20 digits, or the 15 of a terminal's IMEI");
    return std::string(text);
}

std::string_view plural(identifier which) {
    return which == identifier::iccid ? "ICCIDs" : which == identifier::imsi ? "IMSIs" : "MSISDNs";
}

class target_reader {
public:
    target_reader(const file_context& context, checked_toml& notes) : context_(context), toml_(notes) {}

    target_selection read(const toml::table& table) {
        toml_.only(table,
                   {"profile", "iccids", "imsis", "msisdns", "iccid_range", "imsi_range", "msisdn_range", "tag",
                    "campaign", "outcome", "image", "all", "exclude"},
                   "[targets]");
        const auto selectors = std::ranges::count_if(selector_keys, [&](auto key) { return table.contains(key); });
        if (selectors == 0 && !table.contains("all"))
            toml_.mistake(table,
                          "[targets] needs at least one of profile, iccids, imsis, msisdns, iccid_range, imsi_range, "
                          "msisdn_range, tag, campaign, image, all");
        if (const auto* all = table.get("all")) {
            if (!all->value_exact<bool>().value_or(false))
                toml_.mistake(*all, "all: expected true");
            else if (selectors > 0)
                toml_.mistake(*all, "all: stands alone; the other selectors would narrow it");
        }
        target_selection made;
        made.include = selectors_of(table, true);
        if (const auto* exclude = toml_.section(table, "exclude", false)) made.exclude = exclusions(*exclude);
        return made;
    }

private:
    card_selectors exclusions(const toml::table& table) {
        toml_.only(table,
                   {"profile", "iccids", "imsis", "msisdns", "iccid_range", "imsi_range", "msisdn_range", "tag",
                    "campaign", "outcome", "image"},
                   "[targets.exclude]");
        if (table.empty()) toml_.mistake(table, "[targets.exclude] excludes nothing");
        return selectors_of(table, false);
    }

    // What is included must exist; to exclude what is not there (yet) is no mistake.
    card_selectors selectors_of(const toml::table& table, bool must_exist) {
        card_selectors made;
        if (table.contains("profile")) made.profile = profile(table, must_exist);
        if (const auto* node = table.get("iccids")) made.lists.push_back(list(*node, "iccids", identifier::iccid));
        if (const auto* node = table.get("imsis")) made.lists.push_back(list(*node, "imsis", identifier::imsi));
        if (const auto* node = table.get("msisdns")) made.lists.push_back(list(*node, "msisdns", identifier::msisdn));
        made.iccid_range = range(table, "iccid_range", identifier::iccid);
        made.imsi_range = range(table, "imsi_range", identifier::imsi);
        if (const auto ends = range(table, "msisdn_range", identifier::msisdn))
            made.msisdn_range = {std::stoull(ends->first), std::stoull(ends->second)};
        if (const auto* node = table.get("tag")) made.tags = tags(*node, must_exist);
        made.earlier = earlier(table);
        if (const auto* node = table.get("image")) made.image = image(*node);
        return made;
    }

    // One text, or a list of texts, each with its place.
    struct placed_text {
        const toml::node* node;
        std::string text;
    };
    std::vector<placed_text> texts(const toml::node& node, std::string_view key, std::size_t most) {
        std::vector<placed_text> found;
        if (auto one = node.value_exact<std::string>()) found.push_back({&node, std::move(*one)});
        if (const auto* list = node.as_array())
            for (const auto& item : *list)
                if (auto one = item.value_exact<std::string>()) found.push_back({&item, std::move(*one)});
        const auto wanted = node.is_array() ? node.as_array()->size() : 1;
        if (found.empty() || found.size() != wanted)
            toml_.mistake(node, std::string(key) + ": expected a text in quotes, or a list of such in brackets");
        else if (found.size() > most)
            toml_.mistake(node, std::string(key) + ": more than " + std::to_string(most));
        else
            return found;
        return {};
    }

    std::optional<std::string> profile(const toml::table& table, bool must_exist) {
        auto name = toml_.text(table, "profile", true);
        if (!name || !must_exist || !context_.profile_known) return name;
        const auto& node = *table.get("profile");
        const auto known = context_.profile_known(*name);
        if (!known)
            toml_.mistake(node, "profile", known.error());
        else if (!*known)
            toml_.mistake(node, "profile: no card of the registry has profile \"" + *name + "\"");
        return name;
    }

    std::vector<std::string> tags(const toml::node& node, bool must_exist) {
        std::vector<std::string> made;
        for (const auto& [where, text] : texts(node, "tag", limits::target_tags)) {
            auto tag = cards::parse_tag(text);
            if (!tag) {
                toml_.mistake(*where, "tag", tag.error());
                continue;
            }
            const auto known = must_exist && context_.tag_known ? context_.tag_known(*tag) : result<bool>(true);
            if (!known)
                toml_.mistake(*where, "tag", known.error());
            else if (!*known)
                toml_.mistake(*where, "tag: no card of the registry has tag \"" + *tag + "\"");
            made.push_back(std::move(*tag));
        }
        return made;
    }

    std::vector<image_condition> image(const toml::node& node) {
        std::vector<image_condition> made;
        for (const auto& [where, text] : texts(node, "image", limits::image_conditions)) {
            auto condition = parse_image_condition(text);
            if (condition)
                made.push_back(std::move(*condition));
            else
                toml_.mistake(*where, "image", condition.error());
        }
        return made;
    }

    std::optional<earlier_outcome> earlier(const toml::table& table) {
        const auto* campaign = table.get("campaign");
        const auto* outcome = table.get("outcome");
        if (campaign == nullptr && outcome == nullptr) return std::nullopt;
        if (campaign == nullptr) toml_.mistake(*outcome, "outcome: needs campaign = \"ID or name\" beside it");
        if (outcome == nullptr)
            toml_.mistake(*campaign, "campaign: needs outcome = [\"unknown\", \"failed\"] or other outcomes beside it");
        earlier_outcome made;
        if (campaign != nullptr) {
            const auto name = toml_.text(table, "campaign", true);
            const auto found = name && context_.find_campaign ? context_.find_campaign(*name) : campaign_key{};
            if (!found)
                toml_.mistake(*campaign, "campaign", found.error());
            else
                made.campaign = *found;
        }
        if (outcome == nullptr) return made;
        for (const auto& [where, text] : texts(*outcome, "outcome", 6)) {
            const auto found = operations::outcome_from(text);
            if (text == not_sent)
                made.not_sent = true;
            else if (found)
                made.outcomes.push_back(*found);
            else if (text == drift_name)
                made.drifted = true;
            else
                toml_.mistake(*where,
                              "outcome: expected done, skipped, failed, unknown, not_sent, or drift (of an audit)");
        }
        return made;
    }

    optional_range range(const toml::table& table, const std::string& key, identifier which) {
        const auto* node = table.get(key);
        if (node == nullptr) return std::nullopt;
        const auto name = std::string(plural(which));
        const auto* ends = node->as_array();
        const bool two = ends != nullptr && ends->size() == 2;
        const auto first = two ? ends->get(0)->value_exact<std::string>() : std::nullopt;
        const auto last = two ? ends->get(1)->value_exact<std::string>() : std::nullopt;
        if (!first || !last) {
            toml_.mistake(*node, key + ": expected two " + name + " in quotes, [\"FIRST\", \"LAST\"]");
            return std::nullopt;
        }
        const auto low = checked_end(which, *first);
        const auto high = checked_end(which, *last);
        if (!low || !high)
            toml_.mistake(*node, key, low ? high.error() : low.error());
        else if (low->size() != high->size() || *low > *high)
            toml_.mistake(*node, key + ": expected two " + name + " of one length, the lower one first");
        else
            return std::pair(*low, *high);
        return std::nullopt;
    }

    // --- lists of cards

    // The card, or what is wrong with the item.
    result<cards::card_id> card(identifier which, std::string_view text) {
        TESSERA_TRY_VALUE(const auto name, checked_name(which, text));
        if (!context_.find_card) return cards::card_id{};
        TESSERA_TRY_VALUE(const auto found, context_.find_card(which, name));
        if (!found) return failure("not_found", "card", "the registry has no card " + name);
        return *found;
    }

    std::vector<cards::card_id> list(const toml::node& node, const std::string& key, identifier which) {
        std::vector<cards::card_id> found;
        if (const auto file = node.value_exact<std::string>()) {
            if (context_.find_card) list_file(node, key, which, *file, found);
        } else if (node.is_array()) {
            for (const auto& [where, text] : texts(node, key, limits::target_list_items)) {
                const auto one = card(which, text);
                if (one)
                    found.push_back(*one);
                else
                    toml_.mistake(*where, key, one.error());
            }
        } else {
            toml_.mistake(node, key + ": expected a file in quotes, or " + std::string(plural(which)) +
                                    " in quotes and brackets");
        }
        std::ranges::sort(found);
        found.erase(std::unique(found.begin(), found.end()), found.end());
        if (!context_.find_card) found.clear();
        return found;
    }

    void list_file(const toml::node& node, const std::string& key, identifier which, const std::string& file,
                   std::vector<cards::card_id>& into) {
        const auto path = (std::filesystem::path(context_.file).parent_path() / file).string();
        errno = 0;
        std::ifstream lines(path);
        if (!lines) return toml_.mistake(node, key + ": " + path + with_reason(" cannot be opened for reading"));
        bool wrong = false;
        std::array<char, limits::target_list_line_octets> line{};
        for (std::size_t number = 1; lines.getline(line.data(), line.size()); ++number) {
            std::string_view text(line.data());
            while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
            if (text.empty() || text.front() == '#') continue;
            const auto one = card(which, text);
            if (one) {
                into.push_back(*one);
            } else {
                wrong = true;
                toml_.mistake_elsewhere(path, number, key + ": " + one.error().message);
            }
            if (toml_.mistakes() >= limits::campaign_file_mistakes) return;
            if (into.size() > limits::target_list_items)
                return toml_.mistake(node, key + ": " + path + " names more than " +
                                               std::to_string(limits::target_list_items) + " cards");
        }
        if (!lines.eof())
            toml_.mistake(node, key + ": " + path + " cannot be read, or has lines of more than " +
                                    std::to_string(limits::target_list_line_octets) + " octets");
        else if (into.empty() && !wrong)
            toml_.mistake(node, key + ": " + path + " names no card");
    }

    const file_context& context_;
    checked_toml& toml_;
};

}  // namespace

target_selection read_targets(const toml::table& table, const file_context& context, checked_toml& notes) {
    return target_reader(context, notes).read(table);
}

}  // namespace tessera::campaigns
