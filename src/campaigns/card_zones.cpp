#include "campaigns/card_zones.h"

namespace tessera::campaigns {
namespace {

// Of the rules' prefixes in `which`, the longest that `number` begins with.
std::optional<std::size_t> longest(const std::vector<zone_rule>& rules, std::vector<std::string> zone_rule::*which,
                                   std::string_view number) {
    std::optional<std::size_t> best;
    std::size_t length = 0;
    for (std::size_t i = 0; i < rules.size(); ++i)
        for (const auto& prefix : rules[i].*which)
            if (prefix.size() > length && number.starts_with(prefix)) {
                best = i;
                length = prefix.size();
            }
    return best;
}

}  // namespace

result<void> card_zones::load(store::connection& reader) {
    for (std::size_t i = 0; i < rules_->size(); ++i)
        for (const auto& tag : (*rules_)[i].tags) {
            TESSERA_TRY_VALUE(auto* query, reader.kept("SELECT card_id FROM card_tag WHERE tag = $1"));
            query->with(tag);
            for (;;) {
                TESSERA_TRY_VALUE(const bool more, query->step());
                if (!more) break;
                tagged_.try_emplace(query->integer(0), i);
            }
        }
    return {};
}

std::optional<std::size_t> card_zones::of(cards::card_id card, std::string_view imsi, std::uint64_t msisdn) const {
    if (const auto found = tagged_.find(card.value); found != tagged_.end()) return found->second;
    if (const auto found = longest(*rules_, &zone_rule::imsi, imsi)) return found;
    if (const auto found = longest(*rules_, &zone_rule::msisdn, std::to_string(msisdn))) return found;
    for (std::size_t i = 0; i < rules_->size(); ++i)
        if ((*rules_)[i].names_nothing()) return i;
    return std::nullopt;
}

}  // namespace tessera::campaigns
