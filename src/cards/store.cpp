#include "cards/store.h"

#include "cards/identifiers.h"

namespace tessera::cards {
namespace {

#define TESSERA_CARD_COLUMNS                                                                                      \
    "SELECT c.card_id, c.iccid, c.imsi, c.msisdn, p.name, (SELECT COALESCE(SUM(i.version), 0) FROM image_file i " \
    "WHERE i.card_id = c.card_id), c.imported_at FROM card c "                                                    \
    "JOIN profile p ON p.profile_id = c.profile_id "

card read_card(const store::statement& row) {
    card found;
    found.id = card_id{row.integer(0)};
    found.identity.iccid = row.text(1);
    found.identity.imsi = row.text(2);
    found.identity.msisdn = static_cast<std::uint64_t>(row.integer(3));
    found.profile = row.text(4);
    found.image_version = row.integer(5);
    found.imported_at = from_microseconds(row.integer(6));
    return found;
}

// Who wrote may have read before another one did: of two proofs that can be compared, the later one stays.
constexpr store::row_shape image_rows{
    "INSERT INTO image_file (card_id, file, record, content, version, updated_at, key_version, application, counter) "
    "VALUES",
    9,
    "ON CONFLICT (card_id, file, record) DO UPDATE SET content = excluded.content, "
    "version = image_file.version + 1, updated_at = excluded.updated_at, key_version = excluded.key_version, "
    "application = excluded.application, counter = excluded.counter "
    "WHERE excluded.counter = 0 OR image_file.counter <= excluded.counter OR "
    "image_file.key_version <> excluded.key_version OR image_file.application <> excluded.application"};
constexpr store::row_shape counter_rows{
    "INSERT INTO key_counter (card_id, key_version, application, counter) VALUES", 4,
    "ON CONFLICT (card_id, key_version, application) DO UPDATE SET counter = excluded.counter"};

}  // namespace

const stored_key_set* key_set_for(const std::vector<stored_key_set>& sets, std::uint8_t key_version,
                                  std::uint32_t application) {
    const stored_key_set* found = nullptr;
    for (const auto& one : sets) {
        if (one.header.key_version != key_version) continue;
        if (one.header.application == static_cast<std::int64_t>(application)) return &one;
        if (one.header.application == all_applications) found = &one;
    }
    return found;
}

const stored_key_set* newest_key_set_for(const std::vector<stored_key_set>& sets, std::uint32_t application) {
    const stored_key_set* found = nullptr;
    for (const auto& one : sets)
        if (const auto* usable = key_set_for(sets, one.header.key_version, application))
            if (found == nullptr || usable->header.key_version > found->header.key_version) found = usable;
    return found;
}

result<std::optional<card>> card_store::one(store::statement& query) {
    TESSERA_TRY_VALUE(const bool there, query.step());
    if (!there) return std::nullopt;
    auto found = read_card(query);
    query.reset();
    return found;
}

result<std::optional<card>> card_store::find_by_iccid(std::string_view iccid) {
    TESSERA_TRY_VALUE(auto* query, database_->kept(TESSERA_CARD_COLUMNS "WHERE c.iccid = $1"));
    return one(query->with(iccid));
}

result<std::optional<card>> card_store::find_by_imsi(std::string_view imsi) {
    TESSERA_TRY_VALUE(auto* query, database_->kept(TESSERA_CARD_COLUMNS "WHERE c.imsi = $1"));
    return one(query->with(imsi));
}

result<std::optional<card>> card_store::find_by_msisdn(std::uint64_t msisdn) {
    TESSERA_TRY_VALUE(auto* query, database_->kept(TESSERA_CARD_COLUMNS "WHERE c.msisdn = $1"));
    return one(query->with(msisdn));
}

result<card> card_store::get(card_id id) {
    TESSERA_TRY_VALUE(auto* query, database_->kept(TESSERA_CARD_COLUMNS "WHERE c.card_id = $1"));
    TESSERA_TRY_VALUE(auto found, one(query->with(id.value)));
    if (!found) return failure("not_found", "card", "the registry has no card with this key");
    return std::move(*found);
}

result<std::optional<card>> card_store::find(std::string_view name) {
    const auto iccid = parse_iccid(name);
    TESSERA_TRY_VALUE(auto found, find_by_iccid(iccid ? std::string_view(*iccid) : name));
    if (found) return found;
    TESSERA_TRY_VALUE(found, find_by_imsi(name));
    if (found) return found;
    const auto msisdn = parse_msisdn(name);
    if (!msisdn) return std::nullopt;
    return find_by_msisdn(*msisdn);
}

result<std::optional<card_id>> card_store::id_of(identifier which, std::string_view value) {
    store::statement* query = nullptr;
    if (which == identifier::msisdn) {
        TESSERA_TRY_VALUE(const auto number, parse_msisdn(value));
        TESSERA_TRY_VALUE(query, database_->kept("SELECT card_id FROM card WHERE msisdn = $1"));
        query->with(number);
    } else if (which == identifier::imsi) {
        TESSERA_TRY_VALUE(query, database_->kept("SELECT card_id FROM card WHERE imsi = $1"));
        query->with(value);
    } else {
        TESSERA_TRY_VALUE(query, database_->kept("SELECT card_id FROM card WHERE iccid = $1"));
        query->with(value);
    }
    TESSERA_TRY_VALUE(const bool there, query->step());
    if (!there) return std::nullopt;
    const card_id found{query->integer(0)};
    query->reset();
    return found;
}

result<std::vector<card>> card_store::list(const list_filter& filter) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept(TESSERA_CARD_COLUMNS
                                      "WHERE c.card_id > $1 AND ($2 = '' OR p.name = $2) ORDER BY c.card_id LIMIT $3"));
    const std::string_view profile = filter.profile ? std::string_view(*filter.profile) : std::string_view();
    query->with(filter.after, profile, filter.limit);
    std::vector<card> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(read_card(*query));
    }
}

result<std::optional<profile_id>> card_store::find_profile(std::string_view name) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT profile_id FROM profile WHERE name = $1"));
    TESSERA_TRY_VALUE(const bool there, query->with(name).step());
    if (!there) return std::nullopt;
    const profile_id found{query->integer(0)};
    query->reset();
    return found;
}

result<profile_id> card_store::profile_named(std::string_view name) {
    TESSERA_TRY_VALUE(const auto found, find_profile(name));
    if (found) return *found;
    TESSERA_TRY_VALUE(
        auto* make,
        database_->kept(
            "INSERT INTO profile (profile_id, name) SELECT COALESCE(MAX(profile_id), 0) + 1, $1 FROM profile"));
    TESSERA_TRY(make->with(name).execute());
    TESSERA_TRY_VALUE(const auto made, find_profile(name));
    return *made;
}

result<std::int64_t> card_store::last_card_id() {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT COALESCE(MAX(card_id), 0) FROM card"));
    return query->with().single_integer();
}

result<bool> card_store::insert(card_id id, const card_identity& identity, profile_id profile, timestamp now) {
    TESSERA_TRY_VALUE(auto* make,
                      database_->kept("INSERT INTO card (card_id, iccid, imsi, msisdn, profile_id, imported_at) "
                                      "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"));
    make->with(id.value, identity.iccid, identity.imsi, identity.msisdn, profile.value, to_microseconds(now));
    if (identity.imsi.empty()) make->bind_null(3);
    if (identity.msisdn == 0) make->bind_null(4);
    TESSERA_TRY(make->execute());
    return database_->changed() == 1;
}

result<bool> card_store::insert_key_set(card_id id, const stored_key_set& keys, timestamp now) {
    TESSERA_TRY_VALUE(
        auto* make,
        database_->kept("INSERT INTO key_set (card_id, key_version, application, kic_algorithm, kid_algorithm, "
                        "wrapped, initial_counter, counter_scope, created_at) "
                        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"));
    const auto& header = keys.header;
    TESSERA_TRY(make->with(id.value, header.key_version, header.application, header.kic_algorithm, header.kid_algorithm,
                           keys.wrapped, header.initial_counter, header.scope, to_microseconds(now))
                    .execute());
    return database_->changed() == 1;
}

result<std::vector<stored_key_set>> card_store::key_sets(card_id id) {
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT key_version, kic_algorithm, kid_algorithm, initial_counter, application, "
                        "counter_scope, wrapped FROM key_set WHERE card_id = $1 ORDER BY key_version, application"));
    query->with(id.value);
    std::vector<stored_key_set> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(
            {{static_cast<std::uint8_t>(query->integer(0)), static_cast<crypto::cipher_algorithm>(query->integer(1)),
              static_cast<crypto::cipher_algorithm>(query->integer(2)), static_cast<std::uint64_t>(query->integer(3)),
              query->integer(4), static_cast<counter_scope>(query->integer(5))},
             to_bytes(query->octets(6))});
    }
}

result<std::vector<application_counter>> card_store::counters(card_id id) {
    TESSERA_TRY_VALUE(auto* query,
                      database_->kept("SELECT key_version, application, counter FROM key_counter WHERE card_id = $1 "
                                      "ORDER BY key_version, application"));
    query->with(id.value);
    std::vector<application_counter> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back({static_cast<std::uint8_t>(query->integer(0)), query->integer(1),
                         static_cast<std::uint64_t>(query->integer(2))});
    }
}

result<bool> card_store::counted_since(card_id id, const image_proof& proof) {
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT 1 FROM key_counter k WHERE k.card_id = $1 AND k.application IN (-1, $2) AND "
                        "((k.key_version = $3 AND k.counter > $4) OR (k.key_version <> $3 AND k.counter > 0 AND EXISTS "
                        "(SELECT 1 FROM key_rotation r WHERE r.card_id = $1 AND r.key_version = k.key_version AND "
                        "r.begun_at > COALESCE((SELECT p.begun_at FROM key_rotation p WHERE p.card_id = $1 AND "
                        "p.key_version = $3), 0)))) LIMIT 1"));
    TESSERA_TRY_VALUE(const bool any,
                      query->with(id.value, proof.application, proof.key_version, proof.counter).step());
    if (any) query->reset();
    return any;
}

result<std::vector<image_entry>> card_store::image(card_id id) {
    TESSERA_TRY_VALUE(
        auto* query,
        database_->kept("SELECT file, record, content, updated_at, key_version, application, counter FROM image_file "
                        "WHERE card_id = $1 ORDER BY file, record"));
    query->with(id.value);
    std::vector<image_entry> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back({std::string(query->text(0)),
                         static_cast<std::uint16_t>(query->integer(1)),
                         to_bytes(query->octets(2)),
                         from_microseconds(query->integer(3)),
                         {static_cast<std::uint8_t>(query->integer(4)), static_cast<std::uint32_t>(query->integer(5)),
                          static_cast<std::uint64_t>(query->integer(6))}});
    }
}

void card_store::gather() {
    images_.emplace(*database_, image_rows);
    counters_.emplace(*database_, counter_rows);
}

result<void> card_store::flush() {
    if (images_) TESSERA_TRY(images_->flush());
    return counters_ ? counters_->flush() : result<void>{};
}

result<void> card_store::put_image(card_id id, std::string_view file, std::uint16_t record, byte_view content,
                                   const image_proof& proof, timestamp now) {
    store::row_batch one(*database_, image_rows);
    auto& rows = images_ ? *images_ : one;
    TESSERA_TRY(rows.add(id.value, file, record, content, 1, to_microseconds(now), proof.key_version, proof.application,
                         proof.counter));
    return one.flush();
}

result<void> card_store::doubt_image(card_id id, std::string_view file, std::uint16_t record) {
    TESSERA_TRY_VALUE(auto* put, database_->kept("INSERT INTO image_doubt (card_id, file, record) VALUES ($1, $2, $3) "
                                                 "ON CONFLICT DO NOTHING"));
    return put->with(id.value, file, record).execute();
}

result<void> card_store::clear_doubt(card_id id, std::string_view file, std::uint16_t record) {
    TESSERA_TRY_VALUE(auto* clear,
                      database_->kept("DELETE FROM image_doubt WHERE card_id = $1 AND file = $2 AND record = $3"));
    return clear->with(id.value, file, record).execute();
}

result<void> card_store::put_counter(card_id id, std::uint8_t key_version, std::int64_t application,
                                     std::uint64_t counter) {
    store::row_batch one(*database_, counter_rows);
    auto& rows = counters_ ? *counters_ : one;
    TESSERA_TRY(rows.add(id.value, key_version, application, counter));
    return one.flush();
}

result<bool> card_store::add_tag(card_id id, std::string_view tag) {
    TESSERA_TRY_VALUE(auto* add, database_->kept("INSERT INTO card_tag (tag, card_id) VALUES ($1, $2) "
                                                 "ON CONFLICT DO NOTHING"));
    TESSERA_TRY(add->with(tag, id.value).execute());
    return database_->changed() == 1;
}

result<bool> card_store::remove_tag(card_id id, std::string_view tag) {
    TESSERA_TRY_VALUE(auto* remove, database_->kept("DELETE FROM card_tag WHERE tag = $1 AND card_id = $2"));
    TESSERA_TRY(remove->with(tag, id.value).execute());
    return database_->changed() == 1;
}

result<std::vector<std::string>> card_store::tags(card_id id) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT tag FROM card_tag WHERE card_id = $1 ORDER BY tag"));
    query->with(id.value);
    std::vector<std::string> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.emplace_back(query->text(0));
    }
}

result<bool> card_store::tag_known(std::string_view tag) {
    TESSERA_TRY_VALUE(auto* query, database_->kept("SELECT 1 FROM card_tag WHERE tag = $1 LIMIT 1"));
    TESSERA_TRY_VALUE(const bool there, query->with(tag).step());
    query->reset();
    return there;
}

}  // namespace tessera::cards
