#include "campaigns/chunk_blocks.h"

#include <algorithm>

#include "base/limits.h"

namespace tessera::campaigns {
namespace {

template <class Kept>
auto* find(std::deque<Kept>& among, const chunk_id& where) {
    const auto found = std::ranges::find_if(among, [&](const Kept& one) {
        return one.where.campaign == where.campaign && one.where.round == where.round &&
               one.where.number == where.number;
    });
    return found == among.end() ? nullptr : &*found;
}

template <class Kept>
void keep(std::deque<Kept>& among, Kept one) {
    std::ranges::stable_sort(one.entries, {}, [](const auto& entry) { return entry.card; });
    among.push_back(std::move(one));
    if (among.size() > limits::kept_chunks) among.pop_front();
}

template <class Entry>
std::span<const Entry> of_card(const std::vector<Entry>& entries, cards::card_id card) {
    const auto own = std::ranges::equal_range(entries, card, {}, [](const Entry& entry) { return entry.card; });
    return {own.begin(), own.end()};
}

}  // namespace

result<std::span<const message_entry>> chunk_blocks::messages(const chunk_id& where, cards::card_id card) {
    if (const auto* known = find(messages_, where)) return of_card(known->entries, card);
    kept<message_entry> made;
    made.where = where;
    TESSERA_TRY_VALUE(made.octets, campaigns_.messages(where));
    TESSERA_TRY_VALUE(made.entries, parse_messages(made.octets));
    keep(messages_, std::move(made));
    return of_card(messages_.back().entries, card);
}

result<std::span<const answer_entry>> chunk_blocks::answers(const chunk_id& where, cards::card_id card) {
    if (const auto* known = find(answers_, where)) return of_card(known->entries, card);
    kept<answer_entry> made;
    made.where = where;
    TESSERA_TRY_VALUE(made.octets, campaigns_.answers(where));
    TESSERA_TRY(parse_answers(made.octets, made.entries));
    keep(answers_, std::move(made));
    return of_card(answers_.back().entries, card);
}

}  // namespace tessera::campaigns
