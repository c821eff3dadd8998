#include "campaigns/target_formatter.h"

#include <algorithm>

#include "base/limits.h"
#include "campaigns/card_plan.h"
#include "campaigns/chunk_rows.h"
#include "campaigns/packet_scripts.h"
#include "campaigns/personal_writes.h"

namespace tessera::campaigns {

using operations::cause_kind;
using operations::outcome;
using operations::purpose;

target_formatter::target target_formatter::read_target(const store::statement& row) {
    target found;
    found.id = cards::card_id{row.integer(0)};
    found.what = static_cast<purpose>(row.integer(1));
    found.subscriber = static_cast<telecom::subscriber_number>(row.integer(2));
    found.header.key_version = row.is_null(3) ? what_->security.key_version : static_cast<std::uint8_t>(row.integer(3));
    const auto application = operations::application_of(what_->security.tar);
    if (const auto keys = scanned_.of(found.id, found.header.key_version, application)) {
        found.has_keys = true;
        found.header = keys->header;
        found.wrapped = keys->wrapped;
        found.last_counter = keys->last_counter;
    }
    return found;
}

target_formatter::target_formatter(const definition& what, int first_round, store::connection& reader,
                                   cards::key_vault& vault, random_port& random)
    : what_(&what), first_round_(first_round), reader_(&reader), vault_(&vault), keys_(reader, vault, what, random) {
    if (what.is_audit()) audit_.emplace(what);
    files_ = what.is_audit() ? files_of(what.reads) : what.writes;
    scripts_from(what);
}

result<void> target_formatter::format(const chunk& which, const terminal_ports* ports, prepared_chunk& into) {
    into_ = &into;
    earlier_.reset();
    const auto& where = which.id;
    TESSERA_TRY(images_.load(*reader_, which, files_));
    TESSERA_TRY_VALUE(const auto under_way,
                      campaign_store(*reader_).changed_by_others(where.campaign, which.first, which.last));
    images_.doubt(under_way);
    if (audit_ && where.round > first_round_)
        TESSERA_TRY(audit_->load(*reader_, where.campaign, which.first, which.last));
    TESSERA_TRY(scanned_.load(*reader_, which));
    TESSERA_TRY_VALUE(auto* query, targets_query(which));
    query->with(where.campaign.value, where.round, which.first.value, which.last.value);
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return {};
        auto card = read_target(*query);
        if (ports != nullptr) {
            card.port = ports->of(card.id);
            if ((card.port != 0) != what_->is_for_terminals()) continue;
        }
        TESSERA_TRY(format_card(where, card));
    }
}

// The card's own contents: anew, or as they were sent, where those are to be read back. False: it has none, and
// ended.
result<bool> target_formatter::take_own(const chunk_id& where, const target& card) {
    if (card.what != purpose::write) {
        formatted_writes sent(*what_);
        TESSERA_TRY(sent.load(*reader_, where.campaign, card.id, card.id));
        files_ = sent.of(card.id);
    } else {
        TESSERA_TRY_VALUE(auto own, writes_for(*reader_, *what_, card.id));
        if (!own) {
            TESSERA_TRY(end(card.id, outcome::failed, own.error()));
            return false;
        }
        files_ = std::move(*own);
        for (const auto& one : what_->personal)
            into_->contents.push_back({card.id, one.write, files_[one.write].content});
    }
    own_ = with_writes(*what_, files_);
    scripts_from(own_);
    return true;
}

void target_formatter::scripts_from(const definition& what) {
    writes_.clear();
    reads_.clear();
    auto scripts = scripts_of(what);
    if (!scripts) return;  // the campaign file was read, so there is none that cannot be made
    for (auto& one : scripts->first) writes_.push_back(std::move(one.octets));
    for (auto& one : scripts->reads) reads_.push_back(std::move(one.commands.octets));
}

// Where cards differ in the key set by which to speak, its version is asked with them.
result<store::statement*> target_formatter::targets_query(const chunk& which) {
#define TESSERA_TARGETS(version, join, among)                         \
    "SELECT t.card_id, t.purpose, c.msisdn, " version                 \
    " FROM target t JOIN card c ON c.card_id = t.card_id " among join \
    "WHERE t.campaign_key = $1 AND t.round = $2 AND t.card_id BETWEEN $3 AND $4 ORDER BY t.card_id"
    if (what_->current_key_set && !differ_) {
        TESSERA_TRY_VALUE(differ_, cards::key_rotation_store(*reader_).any_current());
    }
    if (differ_.value_or(false))
        return reader_->kept(
            TESSERA_TARGETS("u.key_version", "LEFT JOIN current_key_set u ON u.card_id = t.card_id ", ""));
    // So that both can be read in order, side by side.
    return is_dense(which) ? reader_->kept(TESSERA_TARGETS("NULL", "", "AND c.card_id BETWEEN $3 AND $4 "))
                           : reader_->kept(TESSERA_TARGETS("NULL", "", ""));
}

// A rotation's packets are made of a card's own new keys.
result<void> target_formatter::format_rotation(const target& card) {
    if (card.subscriber == 0) return end(card.id, outcome::failed, {cause_kind::no_subscriber, 0, 0});
    TESSERA_TRY_VALUE(auto made, keys_.format(card.id, card.what));
    if (made.outcome) return end(card.id, made.outcome->what, made.outcome->why);
    auto entry = entry_of(card);
    entry.key_version = made.key_version;
    entry.counter = made.counter;
    entry.packet = made.packet;
    append_entry(into_->messages, entry);
    into_->counters.push_back({card.id, made.counting, made.counter, made.key_version});
    if (made.fresh) into_->key_sets.push_back(std::move(*made.fresh));
    ++into_->progress.prepared;
    return {};
}

// The packets of the card's latest round that had some, octet for octet, to where it can be reached now.
result<void> target_formatter::repeat(const chunk_id& where, const target& card) {
    if (!earlier_) earlier_.emplace(*reader_);
    TESSERA_TRY_VALUE(const auto parts, campaign_store(*reader_).participations(where.campaign, card.id));
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        if (part->where.round >= where.round || part->what == purpose::listen) continue;
        TESSERA_TRY_VALUE(const auto entries, earlier_->messages(part->where, card.id));
        if (entries.empty()) continue;
        for (auto entry : entries) {
            entry.what = purpose::repeat;
            entry.subscriber = card.subscriber;
            append_entry(into_->messages, entry);
        }
        ++into_->progress.prepared;
        return {};
    }
    append_entry(into_->messages, entry_of(card));
    return {};
}

result<void> target_formatter::format_card(const chunk_id& where, const target& card) {
    if (card.what == purpose::repeat && card.subscriber != 0) return repeat(where, card);
    if (what_->rotation) return format_rotation(card);
    if (what_->is_personal()) {
        TESSERA_TRY_VALUE(const auto ready, take_own(where, card));
        if (!ready) return {};
    }
    const bool held = holds_all(images_, card.id, files_) && !audit_;  // an audit reads for certain
    switch (plan_of({card.what, held, card.subscriber != 0, card.has_keys})) {
        case card_plan::skip:
            return end(card.id, outcome::skipped, {});
        case card_plan::no_subscriber:
            return end(card.id, outcome::failed, {cause_kind::no_subscriber, 0, 0});
        case card_plan::repeat:
            return repeat(where, card);
        case card_plan::listen:
            append_entry(into_->messages, entry_of(card));
            return {};
        case card_plan::no_key:
            return end(card.id, outcome::failed, {cause_kind::no_key, card.header.key_version, 0});
        case card_plan::build:
            break;
    }
    TESSERA_TRY_VALUE(const auto keys, vault_->unwrap(card.id, card.header, card.wrapped));
    if (!build(card, keys)) return end(card.id, outcome::failed, {cause_kind::no_packet, 0, 0});
    ++into_->progress.prepared;
    return {};
}

message_entry target_formatter::entry_of(const target& card) const {
    message_entry entry;
    entry.card = card.id;
    entry.subscriber = card.subscriber;
    entry.what = card.what;
    entry.key_version = card.header.key_version;
    entry.image_version = images_.image_version();
    entry.port = card.port;
    return entry;
}

const std::vector<bytes>& target_formatter::scripts_for(const target& card) {
    if (audit_) return audit_->scripts_of(card.id);
    return card.what == purpose::read_back ? reads_ : writes_;
}

// All packets of the card, with rising counters (C-5); false leaves nothing behind.
bool target_formatter::build(const target& card, const cards::key_set& keys) {
    const auto& scripts = scripts_for(card);
    if (scripts.empty() || scripts.size() > limits::packets_per_card) return false;
    const auto before = into_->messages.size();
    auto entry = entry_of(card);
    entry.counter = card.last_counter;
    for (const auto& script : scripts) {
        const auto next = builder_.build(what_->security, keys, entry.counter, script, packet_);
        if (!next) {
            into_->messages.resize(before);
            return false;
        }
        entry.counter = *next;
        entry.packet = packet_;
        append_entry(into_->messages, entry);
        ++entry.sequence;
    }
    const auto application = operations::application_of(what_->security.tar);
    into_->counters.push_back(
        {card.id, cards::counting_application(keys.header.scope, application), entry.counter, card.header.key_version});
    return true;
}

result<void> target_formatter::end(cards::card_id card, outcome what, operations::cause why) {
    into_->outcomes.push_back({card, what, why, 0});
    into_->progress.outcomes.count(what);
    return {};
}

}  // namespace tessera::campaigns
