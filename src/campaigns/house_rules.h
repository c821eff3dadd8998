// What the operator of this installation asks of every campaign, beside what its own file says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::limits {
inline constexpr std::size_t house_list_items = 10'000;  // test cards; prefixes of a zone
inline constexpr std::size_t house_zones = 500;          // [[zone]] of tessera.toml
}  // namespace tessera::limits

namespace tessera::campaigns {

// One [[zone]] of tessera.toml: cards with one of these tags, or whose IMSI or MSISDN begins so; of a rule that names
// nothing: all others.
struct zone_rule {
    std::string name;                       // of the tz database
    std::vector<std::string> imsi, msisdn;  // digits
    std::vector<std::string> tags;
    [[nodiscard]] bool names_nothing() const { return imsi.empty() && msisdn.empty() && tags.empty(); }
};

struct house_rules {
    // Cards that every new campaign must pass first, as its wave 0: by ICCID, and those with a tag. Both empty: none.
    std::vector<std::string> test_cards;
    std::string test_tag;
    std::vector<zone_rule> zones;
    std::int64_t sends_per_hour = 0;  // short messages of all campaigns together; 0: as many as go

    [[nodiscard]] bool tests() const { return !test_cards.empty() || !test_tag.empty(); }
};

}  // namespace tessera::campaigns
