#include "campaigns/card_case.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

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

// Splits off the rounds under `key_version`.
card_case taken_under(card_case& all, std::uint8_t key_version) {
    card_case made;
    for (std::size_t i = 0; i < all.rounds.size();) {
        if (all.formatted[i].proof.key_version != key_version) {
            ++i;
            continue;
        }
        const auto at = static_cast<std::ptrdiff_t>(i);
        made.rounds.push_back(std::move(all.rounds[i]));
        made.formatted.push_back(all.formatted[i]);
        all.rounds.erase(all.rounds.begin() + at);
        all.formatted.erase(all.formatted.begin() + at);
    }
    return made;
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

// The card has said itself what came of the campaign's job.
bool proves(const card_case& one) {
    if (one.found.what == operations::decision::done) return true;
    return one.found.what == operations::decision::failed &&
           one.found.why.kind == operations::cause_kind::status_word &&
           one.rounds[one.found.round].what == operations::purpose::write;
}

bool ran_any(operations::judge& judge, const definition& what, const cards::key_set& keys,
             const std::vector<operations::sent_round>& rounds, const std::vector<operations::raw_answer>& answers) {
    return std::ranges::any_of(rounds, [&](const operations::sent_round& round) {
        const auto ran = judge.answers_to(what.security, keys, round.packets, answers);
        return std::ranges::any_of(ran, [](const auto& one) { return one.has_value(); });
    });
}

// Of rounds that others followed, nobody awaits anything: complaints that name no packet are not theirs.
void keep_what_names_its_packet(std::vector<operations::raw_answer>& answers) {
    std::erase_if(answers, [](const auto& one) { return one.kind != operations::answer_kind::message; });
    for (auto& one : answers) one.current = false;
}

// What was said under key sets that the card had before, where that proves what the latest one does not.
template <class KeysUnder>
result<void> heed_earlier_keys(operations::judge& judge, const definition& what, const KeysUnder& keys_under,
                               card_case earlier, std::vector<operations::raw_answer> answers, card_case& made) {
    keep_what_names_its_packet(answers);
    while (!earlier.rounds.empty()) {
        const auto version = earlier.formatted.back().proof.key_version;
        auto one = taken_under(earlier, version);
        TESSERA_TRY_VALUE(const auto keys, keys_under(version));
        one.found = judge.assess(what.security, keys, one.rounds, answers);
        if (!proves(one)) continue;
        one.found.stray |= made.found.stray;
        made.rounds = std::move(one.rounds);
        made.formatted = std::move(one.formatted);
        made.found = one.found;
        return {};
    }
    return {};
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
    // What was said under another key set is another conversation.
    auto earlier = std::move(made);
    made = taken_under(earlier, key_version);
    TESSERA_TRY_VALUE(const auto keys, keys_of(database, vault, card, key_version, plan.application));
    bytes octets;
    TESSERA_TRY_VALUE(auto answers, answers_from(campaigns, blocks, key, parts.back().where.round, card, octets, made));
    made.found = judge.assess(what.security, keys, made.rounds, answers);
    // A card that ran one of them is not ahead of us, whatever it refused.
    if (made.fresh_rounds >= static_cast<int>(limits::fresh_refusals) &&
        ran_any(judge, what, keys, made.rounds, answers))
        made.fresh_rounds = 0;
    // Of a rotation, only answers under the new keys prove.
    if (earlier.rounds.empty() || what.rotation || proves(made)) return made;
    const auto keys_under = [&](std::uint8_t version) {
        return keys_of(database, vault, card, version, plan.application);
    };
    TESSERA_TRY(heed_earlier_keys(judge, what, keys_under, std::move(earlier), std::move(answers), made));
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
