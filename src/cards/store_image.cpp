// What readings of cards found to differ from their images.
#include "cards/store.h"

namespace tessera::cards {

result<void> card_store::put_difference(card_id id, std::string_view file, std::uint16_t record, byte_view expected,
                                        byte_view found, timestamp now) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO image_difference (card_id, found_at, file, record, "
                                                 "expected, found) VALUES ($1, $2, $3, $4, $5, $6) "
                                                 "ON CONFLICT DO NOTHING"));
    return put->with(id.value, to_microseconds(now), file, record, expected, found).execute();
}

result<std::vector<image_difference>> card_store::differences(card_id id) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT found_at, file, record, expected, found FROM "
                                                   "image_difference WHERE card_id = $1 ORDER BY found_at, file, "
                                                   "record"));
    query->with(id.value);
    std::vector<image_difference> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back({from_microseconds(query->integer(0)), std::string(query->text(1)),
                         static_cast<std::uint16_t>(query->integer(2)), to_bytes(query->octets(3)),
                         to_bytes(query->octets(4))});
    }
}

}  // namespace tessera::cards
