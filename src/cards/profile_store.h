// The catalogue of profiles in the database, each as the text of its section.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cards/profile_facts.h"
#include "store/database.h"

namespace tessera::cards {

// One per connection; everything runs in the caller's transaction.
class profile_store {
public:
    explicit profile_store(store::connection& database) : database_(&database) {}

    enum class change : std::uint8_t { added, changed, none };
    [[nodiscard]] result<change> put(const profile_entry& entry, timestamp now);
    [[nodiscard]] result<std::optional<profile_entry>> find(std::string_view name);
    [[nodiscard]] result<std::vector<profile_entry>> list();  // in order of name
    [[nodiscard]] result<bool> empty();

private:
    store::connection* database_;
};

}  // namespace tessera::cards
