#include "cards/profile_store.h"

#include "cards/profile_file.h"

namespace tessera::cards {
namespace {

result<profile_entry> entry_from(std::string_view name, std::string_view text) {
    auto parsed = parse_profiles(text, "the catalogue's profile " + std::string(name));
    if (!parsed) return std::unexpected(std::move(parsed).error().front());
    return std::move(parsed->front());
}

}  // namespace

result<profile_store::change> profile_store::put(const profile_entry& entry, timestamp now) {
    TESSERA_TRY_VALUE(const auto known, find(entry.name));
    if (known && *known == entry) return change::none;
    TESSERA_TRY_VALUE(auto* put,
                      database_->kept("INSERT INTO profile_fact (name, facts, changed_at) VALUES ($1, $2, $3) "
                                      "ON CONFLICT (name) DO UPDATE SET facts = excluded.facts, "
                                      "changed_at = excluded.changed_at"));
    const auto text = profile_text(entry);
    TESSERA_TRY(put->with(entry.name, text, to_microseconds(now)).execute());
    return known ? change::changed : change::added;
}

result<std::optional<profile_entry>> profile_store::find(std::string_view name) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT facts FROM profile_fact WHERE name = $1"));
    TESSERA_TRY_VALUE(const bool there, query->with(name).step());
    if (!there) return std::nullopt;
    auto found = entry_from(name, query->text(0));
    query->reset();
    if (!found) return std::unexpected(std::move(found).error());
    return std::move(*found);
}

result<std::vector<profile_entry>> profile_store::list() {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT name, facts FROM profile_fact ORDER BY name"));
    query->reset();
    std::vector<profile_entry> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        auto one = entry_from(query->text(0), query->text(1));
        if (!one) {
            query->reset();
            return std::unexpected(std::move(one).error());
        }
        found.push_back(std::move(*one));
    }
}

result<bool> profile_store::empty() {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT 1 FROM profile_fact LIMIT 1"));
    query->reset();
    TESSERA_TRY_VALUE(const bool there, query->step());
    query->reset();
    return !there;
}

}  // namespace tessera::cards
