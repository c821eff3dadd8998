#include "cards/new_cards.h"

#include <set>

#include "base/limits.h"

namespace tessera::cards {
namespace {

using store::row_shape;

constexpr row_shape card_rows{"INSERT INTO card (card_id, iccid, imsi, msisdn, profile_id, imported_at) VALUES", 6, "",
                              "card (card_id, iccid, imsi, msisdn, profile_id, imported_at)"};
constexpr row_shape key_set_rows{
    "INSERT INTO key_set (card_id, key_version, application, kic_algorithm, kid_algorithm, wrapped, initial_counter, "
    "counter_scope, created_at) VALUES",
    9, "",
    "key_set (card_id, key_version, application, kic_algorithm, kid_algorithm, wrapped, initial_counter, "
    "counter_scope, created_at)"};
constexpr row_shape encryption_key_rows{
    "INSERT INTO key_encryption_key (card_id, key_version, algorithm, wrapped) VALUES", 4, "",
    "key_encryption_key (card_id, key_version, algorithm, wrapped)"};
constexpr row_shape tag_rows{"INSERT INTO card_tag (tag, card_id) VALUES", 2, "", "card_tag (tag, card_id)"};
constexpr row_shape variable_rows{"INSERT INTO card_variable (card_id, name, value) VALUES", 3, "",
                                  "card_variable (card_id, name, value)"};
constexpr row_shape terminal_rows{"INSERT INTO terminal (card_id, port) VALUES", 2, "", "terminal (card_id, port)"};

// Questions in the shape of rows: which of these names are there?
constexpr row_shape iccids_known{"SELECT iccid FROM card WHERE iccid IN (VALUES", 1, ")"};
constexpr row_shape imsis_known{"SELECT imsi FROM card WHERE imsi IN (VALUES", 1, ")"};
constexpr row_shape msisdns_known{"SELECT msisdn FROM card WHERE msisdn IN (VALUES", 1, ")"};
constexpr std::size_t names_per_question = 100;

}  // namespace

new_cards::new_cards(store::connection& writer, key_vault& vault, timestamp now)
    : writer_(&writer),
      vault_(&vault),
      now_(to_microseconds(now)),
      cards_(writer, card_rows),
      key_sets_(writer, key_set_rows),
      encryption_keys_(writer, encryption_key_rows),
      tags_(writer, tag_rows),
      variables_(writer, variable_rows),
      terminals_(writer, terminal_rows) {
    taken_.reserve(2 * limits::import_batch_rows);
    taken_numbers_.reserve(limits::import_batch_rows);
}

template <class Name, class Take>
result<void> new_cards::ask(const row_shape& query, std::vector<Name> names, Take&& take) {
    if (names.empty()) return {};
    // The last question is filled up with a name that is asked for anyway.
    while (names.size() % names_per_question != 0) names.push_back(names.back());
    TESSERA_TRY_VALUE(auto* known, writer_->kept(query, static_cast<int>(names_per_question)));
    for (std::size_t at = 0; at < names.size(); at += names_per_question) {
        known->reset();
        for (std::size_t i = 0; i < names_per_question; ++i) known->bind(static_cast<int>(i) + 1, names[at + i]);
        for (;;) {
            TESSERA_TRY_VALUE(const bool more, known->step());
            if (!more) break;
            take(*known);
        }
    }
    return {};
}

result<void> new_cards::look_up(std::span<const import_row* const> rows) {
    std::vector<std::string_view> iccids, imsis;
    std::vector<std::int64_t> msisdns;
    for (const auto* row : rows) {
        const auto& names = row->identity;
        iccids.emplace_back(names.iccid);
        if (!names.imsi.empty()) imsis.emplace_back(names.imsi);
        if (names.msisdn != 0) msisdns.push_back(static_cast<std::int64_t>(names.msisdn));
    }
    const auto take_name = [&](const store::statement& known) { taken_.insert(found_.emplace_back(known.text(0))); };
    TESSERA_TRY(ask(iccids_known, std::move(iccids), take_name));
    TESSERA_TRY(ask(imsis_known, std::move(imsis), take_name));
    return ask(msisdns_known, std::move(msisdns), [&](const store::statement& known) {
        taken_numbers_.insert(static_cast<std::uint64_t>(known.integer(0)));
    });
}

bool new_cards::is_new(const import_row& row) {
    const auto& names = row.identity;
    bool fresh = taken_.insert(names.iccid).second;
    if (!names.imsi.empty()) fresh = taken_.insert(names.imsi).second && fresh;
    if (names.msisdn != 0) fresh = taken_numbers_.insert(names.msisdn).second && fresh;
    return fresh;
}

result<void> new_cards::add(card_id id, profile_id profile, const import_row& row) {
    const auto& names = row.identity;
    const auto imsi = names.imsi.empty() ? std::nullopt : std::optional<std::string_view>(names.imsi);
    const auto msisdn = names.msisdn == 0 ? std::nullopt : std::optional(names.msisdn);
    TESSERA_TRY(cards_.add(id.value, names.iccid, imsi, msisdn, profile.value, now_));
    if (row.port != 0) TESSERA_TRY(terminals_.add(id.value, row.port));
    if (row.keys) TESSERA_TRY(add_keys(id, *row.keys));
    for (const auto& one : row.more_keys) TESSERA_TRY(add_keys(id, one.keys));
    TESSERA_TRY(add_encryption_keys(id, row));
    for (const auto& tag : row.tags) TESSERA_TRY(tags_.add(tag, id.value));
    for (const auto& one : row.variables) TESSERA_TRY(variables_.add(id.value, one.name, one.value));
    return {};
}

result<void> new_cards::add_keys(card_id id, const key_set& keys) {
    bytes wrapped;
    TESSERA_TRY(vault_->wrap(id, keys, wrapped));
    const auto& header = keys.header;
    return key_sets_.add(id.value, header.key_version, header.application, header.kic_algorithm, header.kid_algorithm,
                         wrapped, header.initial_counter, header.scope, now_);
}

// One for each version, whichever of its key sets says it.
result<void> new_cards::add_encryption_keys(card_id id, const import_row& row) {
    std::set<std::uint8_t> versions;
    const auto add_one = [&](const key_set& keys, const std::optional<encryption_key>& given) -> result<void> {
        const auto version = keys.header.key_version;
        if (!given || !versions.insert(version).second) return {};
        bytes wrapped;
        TESSERA_TRY(vault_->wrap_encryption_key(id, version, given->algorithm, given->key, wrapped));
        return encryption_keys_.add(id.value, version, given->algorithm, wrapped);
    };
    if (row.keys) TESSERA_TRY(add_one(*row.keys, row.encryption));
    for (const auto& one : row.more_keys) TESSERA_TRY(add_one(one.keys, one.encryption));
    return {};
}

result<void> new_cards::flush() {
    for (auto* rows : {&cards_, &key_sets_, &encryption_keys_, &tags_, &variables_, &terminals_})
        TESSERA_TRY(rows->flush());
    return {};
}

}  // namespace tessera::cards
