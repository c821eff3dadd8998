// What the operator of this installation asks of every campaign, beside what its own file says.
#pragma once

#include <string>
#include <vector>

namespace tessera::campaigns {

struct house_rules {
    // Cards that every new campaign must pass first, as its wave 0: by ICCID, and those with a tag. Both empty: none.
    std::vector<std::string> test_cards;
    std::string test_tag;

    [[nodiscard]] bool tests() const { return !test_cards.empty() || !test_tag.empty(); }
};

}  // namespace tessera::campaigns
