#include "campaigns/card_case.h"

#include <algorithm>

#include "campaigns/image_scan.h"

namespace tessera::campaigns {

packet_plan::packet_plan(const definition& what)
    : reads(operations::read_back_scripts(what.writes, operations::read_back_piece_octets)) {
    for (const auto& one : operations::write_scripts(what.writes, operations::script_octets_max(what.parts_max)))
        write_commands.push_back(one.commands);
}

operations::sent_packet packet_plan::describe(operations::purpose what, int sequence, std::uint64_t counter) const {
    const auto index = static_cast<std::size_t>(sequence);
    if (what == operations::purpose::read_back && index < reads.size())
        return {counter, reads[index].commands.commands, reads[index].expected, reads[index].write};
    return {counter, index < write_commands.size() ? write_commands[index] : std::uint8_t{0}, {}, 0};
}

result<card_case> assess_card(store::connection& database, cards::key_vault& vault, operations::judge& judge,
                              const definition& what, const packet_plan& plan, campaign_key key, cards::card_id card) {
    campaign_store campaigns(database);
    card_case made;
    TESSERA_TRY_VALUE(const auto messages, campaigns.messages_of(key, card));
    int round = 0;
    for (const auto& one : messages) {
        if (one.round != round) made.rounds.push_back({one.what, {}});
        round = one.round;
        made.rounds.back().packets.push_back(plan.describe(one.what, one.sequence, one.counter));
    }
    if (made.rounds.empty()) return made;
    TESSERA_TRY_VALUE(const auto key_sets, cards::card_store(database).key_sets(card));
    const auto held =
        std::ranges::find(key_sets, messages.front().key_version, [](const auto& k) { return k.header.key_version; });
    if (held == key_sets.end())
        return failure("no_key", "card", "the key set that its packets were built with is gone");
    TESSERA_TRY_VALUE(const auto keys, vault.unwrap(card, held->header, held->wrapped));
    TESSERA_TRY_VALUE(const auto stored, campaigns.answers_of(card));
    std::vector<operations::raw_answer> answers;
    for (const auto& one : stored) {
        // Other campaigns' answers may hold a stray one of ours; their refusals say nothing here, and nor do those of
        // earlier rounds.
        if (one.kind != operations::answer_kind::message && (one.campaign != key || one.round != round)) continue;
        answers.push_back({one.kind, one.status, one.octets});
        if (one.campaign == key) made.attempts = std::max(made.attempts, one.attempt);
    }
    made.found = judge.assess(what.security, keys, made.rounds, answers);
    return made;
}

result<void> write_image(cards::card_store& cards, cards::card_id card,
                         const std::vector<operations::file_write>& writes, const std::vector<byte_view>& before,
                         timestamp now) {
    for (std::size_t i = 0; i < writes.size(); ++i) {
        const auto& write = writes[i];
        if (before[i].size() > write.content.size())
            TESSERA_TRY(cards.put_image(card, write.file, write.record, overlaid(before[i], write.content), now));
        else
            TESSERA_TRY(cards.put_image(card, write.file, write.record, write.content, now));
    }
    return cards.raise_image_version(card);
}

}  // namespace tessera::campaigns
