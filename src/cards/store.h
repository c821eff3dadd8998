// The registry's SQL. One per connection; everything runs in the caller's transaction.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "cards/types.h"
#include "store/database.h"
#include "store/row_batch.h"

namespace tessera::cards {

struct stored_key_set {
    key_set_header header;
    bytes wrapped;
};

// The key set by which an application is spoken to under a version: its own, or that of all applications. Null: none.
[[nodiscard]] const stored_key_set* key_set_for(const std::vector<stored_key_set>& sets, std::uint8_t key_version,
                                                std::uint32_t application);
// Likewise under the highest version there is.
[[nodiscard]] const stored_key_set* newest_key_set_for(const std::vector<stored_key_set>& sets,
                                                       std::uint32_t application);

// The same choice in SQL, for a join over many cards: the application of the key set of card `card` under `version` for
// `application`.
#define TESSERA_KEYS_OF_APPLICATION(card, version, application)                                         \
    "(SELECT MAX(s.application) FROM key_set s WHERE s.card_id = " card " AND s.key_version = " version \
    " AND "                                                                                             \
    "s.application IN (-1, " application "))"
// counting_application() in SQL, of the key set `k`.
#define TESSERA_COUNTING_APPLICATION(application) "CASE k.counter_scope WHEN 1 THEN -1 ELSE " application " END"

// One line of a card's life, newest last.
struct history_entry {
    timestamp at;
    std::string event;  // "imported", "key set 1 added", "campaign ID (NAME): done"
};

struct list_filter {
    std::optional<std::string> profile;
    std::int64_t after = 0;  // card id of the last one seen
    std::int64_t limit = 100;
};

class card_store {
public:
    explicit card_store(store::connection& database) : database_(&database) {}

    [[nodiscard]] result<std::optional<card>> find_by_iccid(std::string_view iccid);
    // An ICCID, an IMSI or an MSISDN, tried in this order.
    [[nodiscard]] result<std::optional<card>> find(std::string_view name);
    [[nodiscard]] result<std::optional<card>> find_by_imsi(std::string_view imsi);
    [[nodiscard]] result<std::optional<card>> find_by_msisdn(std::uint64_t msisdn);
    [[nodiscard]] result<card> get(card_id id);  // errors: not_found
    // Much quicker than the whole card. `value` in the form that parse_iccid and so on give; an MSISDN in digits.
    [[nodiscard]] result<std::optional<card_id>> id_of(identifier which, std::string_view value);
    [[nodiscard]] result<std::vector<card>> list(const list_filter& filter);

    [[nodiscard]] result<profile_id> profile_named(std::string_view name);  // made if there is none
    [[nodiscard]] result<std::optional<profile_id>> find_profile(std::string_view name);

    [[nodiscard]] result<std::int64_t> last_card_id();
    // False: a card with that ICCID, IMSI or MSISDN exists.
    [[nodiscard]] result<bool> insert(card_id id, const card_identity& identity, profile_id profile, timestamp now);
    // From now on it is a mobile terminal, whose agent listens at that port, and no card. False: it was one already.
    [[nodiscard]] result<bool> put_terminal(card_id id, std::uint16_t port);
    // Nothing: it is a card.
    [[nodiscard]] result<std::optional<std::uint16_t>> terminal_port(card_id id);
    struct terminal {
        card_id id;
        std::uint16_t port = 0;
    };
    [[nodiscard]] result<std::vector<terminal>> terminals(card_id first, card_id last);  // in order
    // False: the card has a key set of that version for that application.
    [[nodiscard]] result<bool> insert_key_set(card_id id, const stored_key_set& keys, timestamp now);
    [[nodiscard]] result<std::vector<stored_key_set>> key_sets(card_id id);
    [[nodiscard]] result<std::vector<application_counter>> counters(card_id id);
    // Whether a counter was given out after the packet that proved something of the card: a higher one of its key set,
    // or any of a key set that a rotation has brought since.
    [[nodiscard]] result<bool> counted_since(card_id id, const image_proof& proof);

    // From now on put_image() and put_counter() gather rows, which flush() writes: for many cards in one transaction.
    // No file or counter of a card may come twice between.
    void gather();
    [[nodiscard]] result<void> flush();

    [[nodiscard]] result<std::vector<image_entry>> image(card_id id);
    // Also raises the card's image version. Where the image has a later proof of the same key set and application, it
    // stays.
    [[nodiscard]] result<void> put_image(card_id id, std::string_view file, std::uint16_t record, byte_view content,
                                         const image_proof& proof, timestamp now);
    // The image of a file may be wrong from now on, until it is put again and the doubt cleared.
    [[nodiscard]] result<void> doubt_image(card_id id, std::string_view file, std::uint16_t record);
    [[nodiscard]] result<void> clear_doubt(card_id id, std::string_view file, std::uint16_t record);
    // History: at `now` the card held something else than its image said.
    [[nodiscard]] result<void> put_difference(card_id id, std::string_view file, std::uint16_t record,
                                              byte_view expected, byte_view found, timestamp now);
    [[nodiscard]] result<std::vector<image_difference>> differences(card_id id);  // oldest first
    // application: as counting_application() has it.
    [[nodiscard]] result<void> put_counter(card_id id, std::uint8_t key_version, std::int64_t application,
                                           std::uint64_t counter);

    // 0: none. The number that it had becomes one of its former ones. Errors: unique (another card holds it).
    [[nodiscard]] result<void> put_msisdn(card_id id, std::uint64_t msisdn, timestamp now);
    // Cards that held the number once, the latest first; the one that holds it now may be among them.
    [[nodiscard]] result<std::vector<card_id>> former_holders(std::uint64_t msisdn, std::int64_t limit);

    // False: the card has the tag already, or does not have it.
    [[nodiscard]] result<bool> add_tag(card_id id, std::string_view tag);
    [[nodiscard]] result<bool> remove_tag(card_id id, std::string_view tag);
    [[nodiscard]] result<std::vector<std::string>> tags(card_id id);  // in order of the alphabet
    [[nodiscard]] result<bool> tag_known(std::string_view tag);       // some card has it

    // Variables that campaigns put into contents. False: the card has one of that name already.
    [[nodiscard]] result<bool> add_variable(card_id id, std::string_view name, std::string_view value);
    [[nodiscard]] result<std::vector<card_variable>> variables(card_id id);  // in order of the alphabet
    [[nodiscard]] result<bool> variable_known(std::string_view name);        // some card has it

private:
    [[nodiscard]] result<std::optional<card>> one(store::statement& query);
    store::connection* database_;
    std::optional<store::row_batch> images_;
    std::optional<store::row_batch> counters_;
};

}  // namespace tessera::cards
