// Variables of cards.
#include "cards/store.h"

namespace tessera::cards {

result<bool> card_store::add_variable(card_id id, std::string_view name, std::string_view value) {
    TESSERA_TRY_VALUE(auto* add, database_->kept("INSERT INTO card_variable (card_id, name, value) VALUES ($1, $2, $3) "
                                                 "ON CONFLICT DO NOTHING"));
    TESSERA_TRY(add->with(id.value, name, value).execute());
    return database_->changed() == 1;
}

result<std::vector<card_variable>> card_store::variables(card_id id) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT name, value FROM card_variable WHERE card_id = $1 ORDER BY name"));
    query->with(id.value);
    std::vector<card_variable> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back({std::string(query->text(0)), std::string(query->text(1))});
    }
}

result<bool> card_store::variable_known(std::string_view name) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT 1 FROM card_variable WHERE name = $1 LIMIT 1"));
    TESSERA_TRY_VALUE(const bool there, query->with(name).step());
    query->reset();
    return there;
}

}  // namespace tessera::cards
