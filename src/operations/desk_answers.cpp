// The desk's half that hears: what cards say, what becomes durable of it, how operations end.
#include <algorithm>

#include "cards/store.h"
#include "operations/desk_machine.h"
#include "operations/image_update.h"
#include "operations/verification.h"

namespace tessera::operations {
namespace {

constexpr auto end_again = std::chrono::seconds(1);  // what could not be ended, for want of a working disk

}  // namespace

// --- what comes back

void desk::machine::on_words(telecom::single_line& line, const telecom::card_words& words) {
    const auto whose = std::ranges::find_if(
        open_, [&](const auto& entry) { return !entry.second.way && entry.second.subscriber == words.subscriber; });
    if (whose != open_.end()) return hear(whose->second, words);
    if (is_kept(words)) return line.acknowledge(words.handle);
    strays_.push({&line, words});
}

// An SMSC delivers again what it saw no acknowledgement of, and only over another link; where links do not last as long
// as a commit, it would do so for ever. What comes twice over one link was said twice.
bool desk::machine::is_kept(const telecom::card_words& words) const {
    const auto known = kept_.find(words.subscriber, words.user_data);
    return known && known->batch != words.handle.link;
}

// What nobody here waits for is kept for whom it concerns, and acknowledged once that is durable; then it is settled,
// in small steps, too.
result<void> desk::machine::keep_strays(store::connection& writer, stray_queue::batch some) {
    for (auto one = some.begin(); one != some.end(); ++one) {
        const auto& words = one->words;
        const bool came_before = std::any_of(some.begin(), one, [&](const stray& other) {
            return other.words.subscriber == words.subscriber && other.words.handle.link != words.handle.link &&
                   other.words.user_data == words.user_data;
        });
        if (!came_before && !is_kept(words))
            TESSERA_TRY(env_.fleets->keep_stray(writer, words.subscriber, words.user_data));
    }
    return {};
}

void desk::machine::acknowledge_strays(stray_queue::batch some, const result<void>& kept) {
    if (!kept) log_error("answers are left at the SMSC: " + to_string(kept.error()));
    for (const auto& one : some) {
        if (!kept) continue;
        kept_.add(one.words.subscriber, one.words.user_data, {one.words.handle.link, false});
        one.line->acknowledge(one.words.handle);
    }
    settle_strays();
}

void desk::machine::hear(operation& one, const telecom::card_words& words) {
    // It is durable: whatever an operation hears is, before it hears anything else.
    if (!one.way && one.work.has_heard(words.user_data)) return one.line->acknowledge(words.handle);
    const auto next = one.work.take(judge_, words.user_data);
    const bool strange = one.work.strange();
    follow(one, next, &words);
    if (strange) settle_strays();
}

void desk::machine::settle_strays() {
    if (!std::exchange(settling_, true)) soon([this] { settle_some(); });
}

void desk::machine::settle_some() {
    settling_ = false;
    const auto more = env_.fleets->settle_strays();
    if (!more) return log_error(to_string(more.error()));
    if (*more) settle_strays();
}

// One transaction makes durable what came and what follows from it: the next packet, or the end and the image (C-17).
void desk::machine::follow(operation& one, under_way::step step, const telecom::card_words* words) {
    auto recorded =
        env_.writer->transact_first([&](store::connection& writer) { return record(writer, one, step, words); });
    if (words != nullptr && recorded && !one.way) {
        kept_.add(words->subscriber, words->user_data, {words->handle.link, false});
        one.line->acknowledge(words->handle);
    }
    if (!recorded) return give_up(one, std::move(recorded).error(), words);
    if (words != nullptr) ++one.answers;
    if (step == under_way::step::send)
        send(one);
    else if (step == under_way::step::end)
        finish(one.key.value, std::nullopt);
}

result<void> desk::machine::record(store::connection& writer, operation& one, under_way::step step,
                                   const telecom::card_words* words) {
    if (words != nullptr) {
        TESSERA_TRY(operation_store(writer).put_answer(one.key, one.answers, words->user_data));
        // Perhaps a campaign's: its card is free by now, and may still have had something to say (C-8).
        if (one.work.strange() && words->subscriber != 0)
            TESSERA_TRY(env_.fleets->keep_stray(writer, words->subscriber, words->user_data));
    }
    if (step == under_way::step::send) return put_next_packet(writer, one);
    return step == under_way::step::end ? record_end(writer, one) : result<void>{};
}

result<void> desk::machine::record_end(store::connection& writer, operation& one) {
    const auto now = env_.clock->now();
    const verified_card of{one.card, one.image_version, one.work.first_counter()};
    if (one.work.proved_reading())
        TESSERA_TRY(record_verification(writer, one.work.request(), of, one.work.answer(), now));
    const auto& answer = one.work.answer();
    TESSERA_TRY(operation_store(writer).end(one.key, answer.what, answer.why, answer.attempts, now));
    if (!one.work.proved_write()) return {};
    cards::card_store cards(writer);
    return write_image_after(cards, one.card, one.work.writes(), one.work.request().security, one.counter, now);
}

// What was to follow could not be made durable: no counter is left for the next packet, no room on the disk. What came
// is kept and the operation ends unknown, in a transaction of its own, so that its card is free; that is tried until it
// succeeds, or the next owner of the directory does it (operation_store::abandon).
void desk::machine::give_up(operation& one, error problem, const telecom::card_words* words) {
    const bool no_packet = problem.code == "counter_exhausted" || problem.code == "no_packet";
    unended made{one.key,
                 one.line,
                 {no_packet ? cause_kind::no_packet : cause_kind::no_answer, 0, 0},
                 one.work.answer().attempts,
                 std::nullopt};
    if (words != nullptr) made.words = *words;
    if (!end_unknown(made)) {
        unended_.push_back(std::move(made));
        if (!end_timer_) end_timer_ = env_.home->after(end_again, [this] { end_the_unended(); });
    }
    finish(one.key.value, std::move(problem));
}

bool desk::machine::end_unknown(const unended& one) {
    // What came last is a late answer from now on, of this operation or of somebody else's.
    const auto ended = env_.writer->transact_first([&](store::connection& writer) -> result<void> {
        TESSERA_TRY(operation_store(writer).end(one.key, outcome::unknown, one.why, one.attempts, env_.clock->now()));
        if (!one.words) return {};
        return env_.fleets->keep_stray(writer, one.words->subscriber, one.words->user_data);
    });
    if (!ended) log_error("a single operation cannot be ended yet: " + to_string(ended.error()));
    if (ended && one.words) {
        if (one.line != nullptr) one.line->acknowledge(one.words->handle);
        settle_strays();
    }
    return ended.has_value();
}

void desk::machine::end_the_unended() {
    end_timer_.reset();
    std::erase_if(unended_, [this](const unended& one) { return end_unknown(one); });
    if (!unended_.empty()) end_timer_ = env_.home->after(end_again, [this] { end_the_unended(); });
}

void desk::machine::finish(std::int64_t key, std::optional<error> problem) {
    auto over = open_.extract(key);
    auto& one = over.mapped();
    if (one.way)
        one.way->end();
    else
        one.line->let_go(static_cast<std::uint64_t>(key), one.subscriber);
    if (problem) one.work.answer().refused = std::move(problem);
    one.done(std::move(one.work.answer()));
}

}  // namespace tessera::operations
