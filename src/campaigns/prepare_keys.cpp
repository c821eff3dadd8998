#include "campaigns/prepare_keys.h"

#include <algorithm>
#include <array>

#include "campaigns/packet_scripts.h"

namespace tessera::campaigns {
namespace {

using operations::cause_kind;
using operations::outcome;

secret random_key(crypto::cipher_algorithm algorithm, random_port& random) {
    secret made;
    random.fill(made.resize(crypto::key_octets(algorithm)));
    return made;
}

formatted_keys ended(cards::card_id card, outcome what, operations::cause why) {
    formatted_keys made;
    made.outcome = card_outcome{card, what, why, 0};
    return made;
}

}  // namespace

result<void> commit_key_set(store::connection& writer, const made_key_set& made, const key_rotation& rotation,
                            timestamp now) {
    cards::key_rotation_store rotations(writer);
    TESSERA_TRY_VALUE(const bool added, cards::card_store(writer).insert_key_set(made.card, made.keys, now));
    if (!added) return failure("conflict", "kvn", "a card has got a key set of the new version meanwhile");
    TESSERA_TRY(rotations.insert_encryption_key(made.card, made.keys.header.key_version, made.encryption_algorithm,
                                                made.wrapped_encryption_key));
    return rotations.begin(made.card, made.keys.header.key_version, rotation.replaced, now);
}

result<formatted_keys> key_formatter::format(cards::card_id card, operations::purpose what) {
    return what == operations::purpose::read_back ? format_question(card) : format_change(card);
}

result<std::optional<cards::key_set>> key_formatter::find(cards::card_id card, std::uint8_t version) {
    TESSERA_TRY_VALUE(const auto sets, cards::card_store(*reader_).key_sets(card));
    const auto* found = cards::key_set_for(sets, version, operations::application_of(what_->security.tar));
    if (found == nullptr) return std::nullopt;
    TESSERA_TRY_VALUE(auto keys, vault_->unwrap(card, found->header, found->wrapped));
    return std::optional(std::move(keys));
}

result<std::uint64_t> key_formatter::last_counter(cards::card_id card, const cards::key_set_header& keys) {
    TESSERA_TRY_VALUE(const auto counters, cards::card_store(*reader_).counters(card));
    auto last = keys.initial_counter;
    const auto counting = cards::counting_application(keys.scope, operations::application_of(what_->security.tar));
    for (const auto& one : counters)
        if (one.key_version == keys.key_version && one.application == counting) last = std::max(last, one.counter);
    return last;
}

// False: no packet can be built with these keys.
result<bool> key_formatter::build(const cards::key_set& keys, cards::card_id card, byte_view script,
                                  formatted_keys& into) {
    const auto security = operations::security_for(what_->security, keys.header);
    TESSERA_TRY_VALUE(const auto last, last_counter(card, keys.header));
    const auto next = operations::next_counter(last);
    if (!next || !operations::speakable(security)) return false;
    into.key_version = keys.header.key_version;
    into.counter = *next;
    into.counting = cards::counting_application(keys.header.scope, operations::application_of(what_->security.tar));
    return codec_.encode_command(security, {keys.kic.reveal(), keys.kid.reveal()}, *next, script, into.packet)
        .has_value();
}

result<formatted_keys> key_formatter::format_change(cards::card_id card) {
    const auto& rotation = *what_->rotation;
    TESSERA_TRY_VALUE(const auto old, find(card, rotation.replaced));
    if (!old) return ended(card, outcome::failed, {cause_kind::no_key, rotation.replaced, 0});
    cards::key_rotation_store rotations(*reader_);
    TESSERA_TRY_VALUE(const auto encryption, rotations.find_encryption_key(card, rotation.replaced, *vault_));
    if (!encryption) return ended(card, outcome::failed, {cause_kind::no_key, rotation.replaced, 1});
    TESSERA_TRY_VALUE(auto fresh, keys_for(card));
    if (!fresh) return ended(card, outcome::skipped, {});
    TESSERA_TRY_VALUE(const auto script, put_key_script(*what_, crypto_, fresh->set, fresh->encryption, *encryption));
    formatted_keys made;
    TESSERA_TRY_VALUE(const bool built, build(*old, card, script.octets, made));
    if (!built) return ended(card, outcome::failed, {cause_kind::no_packet, 0, 0});
    made.fresh = std::move(fresh->fresh);
    return made;
}

result<formatted_keys> key_formatter::format_question(cards::card_id card) {
    const auto& rotation = *what_->rotation;
    TESSERA_TRY_VALUE(const auto keys, find(card, rotation.version));
    if (!keys) return ended(card, outcome::failed, {cause_kind::no_key, rotation.version, 0});
    TESSERA_TRY_VALUE(const auto scripts, scripts_of(*what_));
    formatted_keys made;
    TESSERA_TRY_VALUE(const bool built, build(*keys, card, scripts.reads.front().commands.octets, made));
    if (!built) return ended(card, outcome::failed, {cause_kind::no_packet, 0, 0});
    return made;
}

// The key set that the card is to get; nothing where it has one of that version. One that is pending is sent again as
// it is: perhaps the card has it already.
result<std::optional<key_formatter::new_keys>> key_formatter::keys_for(cards::card_id card) {
    const auto version = what_->rotation->version;
    TESSERA_TRY_VALUE(auto held, find(card, version));
    if (!held) {
        TESSERA_TRY_VALUE(auto made, make_keys(card));
        return std::optional(std::move(made));
    }
    cards::key_rotation_store rotations(*reader_);
    TESSERA_TRY_VALUE(const auto state, rotations.state_of(card, version));
    if (state != cards::rotation_state::pending) return std::nullopt;
    TESSERA_TRY_VALUE(auto encryption, rotations.find_encryption_key(card, version, *vault_));
    if (!encryption) return failure("no_key", "card", "a pending key set lacks its key encryption key");
    return std::optional(new_keys{std::move(*held), std::move(*encryption), std::nullopt});
}

result<key_formatter::new_keys> key_formatter::make_keys(cards::card_id card) {
    const auto& rotation = *what_->rotation;
    new_keys made;
    made.set.header = {rotation.version, rotation.algorithm, rotation.algorithm, 0};
    made.set.kic = random_key(rotation.algorithm, *random_);
    made.set.kid = random_key(rotation.algorithm, *random_);
    made.encryption = {rotation.algorithm, random_key(rotation.algorithm, *random_)};
    made_key_set fresh{card, {made.set.header, {}}, rotation.algorithm, {}};
    TESSERA_TRY(vault_->wrap(card, made.set, fresh.keys.wrapped));
    TESSERA_TRY(vault_->wrap_encryption_key(card, rotation.version, rotation.algorithm, made.encryption.key,
                                            fresh.wrapped_encryption_key));
    made.fresh = std::move(fresh);
    return made;
}

}  // namespace tessera::campaigns
