#include "campaigns/card_case.h"

#include <algorithm>

namespace tessera::campaigns {

packet_plan::packet_plan(const definition& what)
    : application(operations::application_of(what.security.tar)),
      scripts(scripts_of(what).value_or(packet_scripts())) {}

operations::sent_packet packet_plan::describe(operations::purpose what, int sequence, std::uint64_t counter) const {
    const auto index = static_cast<std::size_t>(sequence);
    if (what == operations::purpose::read_back && index < scripts.reads.size())
        return packet_of(scripts.reads[index], counter);
    if (index < scripts.first.size()) return packet_of(scripts.first[index], counter);
    return packet_of(operations::script(), counter);
}

namespace {

// The card's own entries of a chunk's messages.
result<void> add_round(chunk_blocks& blocks, const campaign_store::participation& part, const packet_plan& plan,
                       cards::card_id card, card_case& made, std::uint8_t& key_version) {
    TESSERA_TRY_VALUE(const auto entries, blocks.messages(part.where, card));
    operations::sent_round round{part.what, {}};
    formatted_from made_of;
    for (const auto& entry : entries) {
        // What goes again is an earlier round's: a card's word about it is about that one.
        if (entry.what == operations::purpose::listen || entry.what == operations::purpose::repeat) continue;
        key_version = entry.key_version;
        made_of = {entry.image_version, {entry.key_version, plan.application, entry.counter}};
        round.packets.push_back(plan.describe(part.what, entry.sequence, entry.counter));
    }
    if (round.packets.empty()) return {};
    made.rounds.push_back(std::move(round));
    made.formatted.push_back(made_of);
    return {};
}

void forget_other_keys(card_case& made, std::uint8_t key_version) {
    for (std::size_t i = made.rounds.size(); i-- > 0;) {
        if (made.formatted[i].proof.key_version == key_version) continue;
        made.rounds.erase(made.rounds.begin() + static_cast<std::ptrdiff_t>(i));
        made.formatted.erase(made.formatted.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

// What came back from the card, to whichever campaign it was given: a stray answer may stand with another one.
result<std::vector<operations::raw_answer>> answers_from(campaign_store& campaigns, chunk_blocks& blocks,
                                                         campaign_key key, int latest_round, cards::card_id card,
                                                         bytes& octets, card_case& made) {
    std::vector<operations::raw_answer> own;
    TESSERA_TRY_VALUE(const auto parts, campaigns.participations(card));
    for (const auto& part : parts) {
        TESSERA_TRY_VALUE(const auto entries, blocks.answers(part.where, card));
        const bool ours = part.where.campaign == key;
        int attempts = 0;
        for (const auto& entry : entries) {
            // Other campaigns' refusals say nothing here, and nor do those of earlier rounds.
            const bool message = entry.kind == operations::answer_kind::message;
            if (!message && (!ours || part.where.round != latest_round)) continue;
            if (ours) attempts = std::max(attempts, static_cast<int>(entry.attempt));
            const bool current = ours && part.where.round == latest_round;
            if (current && message) ++made.answers_in_round;
            own.push_back({entry.kind, entry.status, {}, current});
            append_big_endian(octets, entry.octets.size(), 2);
            append(octets, entry.octets);
        }
        made.attempts = std::max(made.attempts, attempts);
        if (attempts == 1 && part.what != operations::purpose::repeat) ++made.fresh_rounds;
    }
    byte_reader from(octets);
    for (auto& entry : own) entry.octets = from.take(from.u16());
    return own;
}

}  // namespace

result<cards::key_set> keys_of(store::connection& database, cards::key_vault& vault, cards::card_id card,
                               std::uint8_t key_version, std::uint32_t application) {
    TESSERA_TRY_VALUE(const auto key_sets, cards::card_store(database).key_sets(card));
    const auto* held = cards::key_set_for(key_sets, key_version, application);
    if (held == nullptr) return failure("no_key", "card", "the key set that its packets were built with is gone");
    return vault.unwrap(card, held->header, held->wrapped);
}

result<card_case> assess_card(store::connection& database, chunk_blocks& blocks, cards::key_vault& vault,
                              operations::judge& judge, const definition& what, const packet_plan& plan,
                              campaign_key key, cards::card_id card) {
    campaign_store campaigns(database);
    card_case made;
    std::uint8_t key_version = 0;
    TESSERA_TRY_VALUE(const auto parts, campaigns.participations(key, card));
    for (const auto& part : parts) TESSERA_TRY(add_round(blocks, part, plan, card, made, key_version));
    if (made.rounds.empty()) return made;
    // What was said under another key set is another conversation: of a rotation, only answers under the new one prove.
    forget_other_keys(made, key_version);
    TESSERA_TRY_VALUE(const auto keys, keys_of(database, vault, card, key_version, plan.application));
    bytes octets;
    TESSERA_TRY_VALUE(const auto answers,
                      answers_from(campaigns, blocks, key, parts.back().where.round, card, octets, made));
    made.found = judge.assess(what.security, keys, made.rounds, answers);
    return made;
}

result<latest_round> answers_of_latest_round(store::connection& database, chunk_blocks& blocks, cards::key_vault& vault,
                                             const definition& what, campaign_key key, cards::card_id card) {
    campaign_store campaigns(database);
    latest_round made;
    TESSERA_TRY_VALUE(const auto parts, campaigns.participations(key, card));
    if (parts.empty()) return made;
    made.where = parts.back().where;
    TESSERA_TRY_VALUE(const auto entries, blocks.messages(made.where, card));
    for (auto entry : entries) {
        if (entry.what == operations::purpose::listen) continue;
        entry.packet = {};
        made.packets.push_back(entry);
    }
    if (made.packets.empty()) return made;
    TESSERA_TRY_VALUE(made.keys, keys_of(database, vault, card, made.packets.front().key_version,
                                         operations::application_of(what.security.tar)));
    card_case counts;
    TESSERA_TRY_VALUE(made.answers, answers_from(campaigns, blocks, key, made.where.round, card, made.octets, counts));
    return made;
}

}  // namespace tessera::campaigns
