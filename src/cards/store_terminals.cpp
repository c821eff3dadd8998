// Mobile terminals among the cards.
#include "cards/store.h"

namespace tessera::cards {

result<bool> card_store::put_terminal(card_id id, std::uint16_t port) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO terminal (card_id, port) VALUES ($1, $2) "
                                                 "ON CONFLICT DO NOTHING"));
    TESSERA_TRY(put->with(id.value, port).execute());
    return database_->changed() == 1;
}

result<std::optional<std::uint16_t>> card_store::terminal_port(card_id id) {
    TESSERA_TRY_VALUE(const auto found, terminals(id, id));
    return found.empty() ? std::nullopt : std::optional(found.front().port);
}

result<std::vector<card_store::terminal>> card_store::terminals(card_id first, card_id last) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT card_id, port FROM terminal WHERE card_id BETWEEN $1 AND $2 "
                                                   "ORDER BY card_id"));
    query->with(first.value, last.value);
    std::vector<terminal> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back({card_id{query->integer(0)}, static_cast<std::uint16_t>(query->integer(1))});
    }
}

}  // namespace tessera::cards
