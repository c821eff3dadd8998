// In which time zone a card is: what tessera.toml says of tags and number prefixes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/house_rules.h"
#include "cards/types.h"
#include "store/database.h"

namespace tessera::campaigns {

class card_zones {
public:
    explicit card_zones(const std::vector<zone_rule>& rules) : rules_(&rules) {}
    // Reads who has the tags that rules name.
    [[nodiscard]] result<void> load(store::connection& reader);
    // The rule that holds for the card: one that names a tag of it; else the one with the longest prefix of its IMSI,
    // else of its MSISDN; else one that names nothing. Its place in the rules; nothing: none holds.
    [[nodiscard]] std::optional<std::size_t> of(cards::card_id card, std::string_view imsi, std::uint64_t msisdn) const;

private:
    const std::vector<zone_rule>* rules_;
    std::map<std::int64_t, std::size_t> tagged_;
};

}  // namespace tessera::campaigns
