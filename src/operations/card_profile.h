// What the catalogue says of one card, for a single request to it.
#pragma once

#include <optional>
#include <string>

#include "cards/profile_facts.h"
#include "cards/types.h"
#include "operations/types.h"
#include "store/database.h"

namespace tessera::operations {

class card_profile {
public:
    [[nodiscard]] static result<card_profile> of(store::connection& database, const cards::card& card);

    // Finds the TAR of an application that the request gives by its name. Errors: unknown_application.
    [[nodiscard]] result<void> address(single_request& request) const;
    // Fits the request to what the cards do otherwise than others. Errors: below_minimum, unknown_application,
    // algorithm_not_allowed, too_long: what they do not take.
    [[nodiscard]] result<void> obey(single_request& request, const cards::key_set_header& keys) const;

private:
    [[nodiscard]] result<void> fits(const single_request& request) const;

    std::string called_;                         // profile "telco" batch "2019"
    std::optional<cards::profile_facts> facts_;  // nothing: the catalogue does not have it
};

}  // namespace tessera::operations
