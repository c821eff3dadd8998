#include "operations/late_answer.h"

#include <algorithm>
#include <ranges>

#include "base/limits.h"
#include "base/log.h"
#include "cards/store.h"
#include "operations/image_update.h"
#include "operations/under_way.h"

namespace tessera::operations {
namespace {

// The operation as it would have gone had every answer come in time: its packets in order, each with all answers, the
// latest first, since the late one is to have its say before what made the operation ask again. The counter of the
// packet that decided; nothing where none did.
std::optional<std::uint64_t> relive(under_way& work, judge& with, const operation_store::record& what) {
    for (const auto counter : what.counters) {
        work.sent_as(counter);
        work.sending();
        auto next = under_way::step::wait;
        for (const auto& answer : std::views::reverse(what.answers)) {
            next = work.take(with, answer);
            if (next != under_way::step::wait) break;
        }
        if (next == under_way::step::end) return counter;
        if (next == under_way::step::wait) return std::nullopt;
    }
    return std::nullopt;
}

// An unsecured complaint could be about any packet.
bool proved(const single_answer& answer) {
    if (answer.what == outcome::done) return true;
    return answer.what == outcome::failed &&
           (answer.why.kind == cause_kind::status_word || answer.why.kind == cause_kind::read_back_differs ||
            (answer.why.kind == cause_kind::por_status && answer.why.detail == 0));
}

}  // namespace

result<bool> keep_late_answer(store::connection& writer, cards::card_id card, std::optional<std::uint32_t> application,
                              byte_view user_data) {
    operation_store operations(writer);
    TESSERA_TRY_VALUE(const auto open, application ? operations.unknown(card, *application) : operations.unknown(card));
    for (const auto key : open) TESSERA_TRY(operations.add_answer(key, user_data));
    return !open.empty();
}

result<void> late_answers::settle(store::connection& writer, cards::card_id card, std::span<const bytes> elsewhere,
                                  timestamp now) {
    TESSERA_TRY_VALUE(const auto open, operation_store(writer).unknown(card));
    for (const auto key : open) {
        auto settled = settle_one(writer, card, key, elsewhere, now);
        if (settled) continue;
        // One operation that cannot be read any more must not keep others from ending.
        if (store::is_about_database(settled.error())) return settled;
        log_warning("a late answer to a single operation is left as it is: " + to_string(settled.error()));
    }
    return {};
}

result<void> late_answers::settle_one(store::connection& writer, cards::card_id card, operation_key key,
                                      std::span<const bytes> elsewhere, timestamp now) {
    operation_store operations(writer);
    cards::card_store cards(writer);
    TESSERA_TRY_VALUE(auto what, operations.whole(key));
    if (!what) return {};
    what->answers.insert(what->answers.end(), elsewhere.begin(), elsewhere.end());
    if (what->answers.empty() || what->answers.size() > limits::answers_per_card) return {};
    TESSERA_TRY_VALUE(const auto sets, cards.key_sets(card));
    const auto set = std::ranges::find(sets, what->asked.security.key_version,
                                       [](const auto& one) { return one.header.key_version; });
    if (set == sets.end()) return {};  // its keys are gone, and with them what it could prove
    TESSERA_TRY_VALUE(auto keys, vault_.unwrap(card, set->header, set->wrapped));
    under_way work(what->asked, std::move(keys));
    const auto counter = relive(work, judge_, *what);
    if (!counter || !proved(work.answer())) return {};
    TESSERA_TRY(operations.revise(key, work.answer().what, work.answer().why));
    if (!work.proved_write()) return {};
    return write_image_after(cards, card, work.writes(), what->asked.security, *counter, now);
}

}  // namespace tessera::operations
