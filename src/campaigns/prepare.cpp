#include "campaigns/prepare.h"

#include <algorithm>

#include "base/limits.h"
#include "campaigns/blocks.h"
#include "campaigns/chunk_work.h"
#include "campaigns/target_formatter.h"
#include "cards/store.h"
#include "operations/store.h"

namespace tessera::campaigns {
namespace {

using operations::purpose;

class preparer final : public chunk_worker {
public:
    preparer(const campaign_run& run, store::lent_reader reader)
        : run_(run), reader_(std::move(reader)), vault_(run.env->vault->another()) {
        const auto& what = *run.what;
        auto& random = *run.env->random;
        if (!what.is_for_terminals()) cards_.emplace(what, run.first_round, *reader_, vault_, random);
        if (!what.terminals) return;
        for_terminals_ = for_terminals(what);
        terminals_.emplace(for_terminals_, run.first_round, *reader_, vault_, random);
    }

    result<void> work(const chunk& held) override {
        return until_not_overtaken([&]() -> result<void> {
            made_.clear();
            TESSERA_TRY(format(held));
            return commit(held);
        });
    }

    // Formats the messages of those cards of a prepared chunk that single operations have touched since (C-14).
    result<void> work_again(const chunk& held) {
        return until_not_overtaken([&]() -> result<void> {
            made_.clear();
            TESSERA_TRY_VALUE(const auto touched, format_touched(held));
            return commit_again(held, touched);
        });
    }

private:
    // Reads image and keys and builds the packets; touches nothing durable.
    result<void> format(const chunk& held) {
        const store::snapshot view(*reader_);
        TESSERA_TRY(view.begun());
        TESSERA_TRY_VALUE(moment_, operations::operation_store(*reader_).moment());
        TESSERA_TRY_VALUE(given_, counters_given(*reader_, held));
        TESSERA_TRY(format_cards(held));
        return cards_ && terminals_ ? sort_messages() : result<void>();
    }

    result<std::vector<cards::card_id>> format_touched(const chunk& held) {
        const store::snapshot view(*reader_);
        TESSERA_TRY(view.begun());
        operations::operation_store operations(*reader_);
        TESSERA_TRY_VALUE(moment_, operations.moment());
        TESSERA_TRY_VALUE(given_, counters_given(*reader_, held));
        TESSERA_TRY_VALUE(const auto formatted, campaign_store(*reader_).formatted(held.id));
        TESSERA_TRY_VALUE(auto touched, operations.touched(held.first, held.last, formatted));
        for (const auto card : touched) TESSERA_TRY(format_cards({held.id, card, card, 1}));
        return touched;
    }

    result<void> format_cards(const chunk& which) {
        if (!terminals_) return cards_->format(which, nullptr, made_);
        TESSERA_TRY(ports_.load(*reader_, which.first, which.last));
        if (cards_) TESSERA_TRY(cards_->format(which, &ports_, made_));
        return ports_.empty() ? result<void>() : terminals_->format(which, &ports_, made_);
    }

    // Entries of a chunk stand in the order of their cards, whichever side they are of.
    result<void> sort_messages() {
        const auto unsorted = std::exchange(made_.messages, {});
        TESSERA_TRY_VALUE(auto entries, parse_messages(unsorted));
        std::ranges::stable_sort(entries, {}, &message_entry::card);
        for (const auto& one : entries) append_entry(made_.messages, one);
        return {};
    }

    // Commits the chunk's messages and their counters. They are durable when P1 is over, whose barrier is a durable
    // commit, so before anything of them is sent (C-9). If the power fails earlier, the chunk is prepared once more.
    result<void> commit(const chunk& held) {
        const auto& env = *run_.env;
        TESSERA_TRY(commit_in_one(env, held));
        if (run_.watch != nullptr) run_.watch->failed(made_.progress.outcomes.failed);
        return {};
    }
    result<void> commit_in_one(const environment& env, const chunk& held) {
        return env.writer->transact_lazily([&](store::connection& writer) -> result<void> {
            campaign_store campaigns(writer);
            TESSERA_TRY(nobody_overtook(writer, held));
            TESSERA_TRY(campaigns.move_chunk(held, env.instance, chunk_state::prepared, 0, made_.progress));
            TESSERA_TRY(campaigns.set_formatted(held.id, moment_));
            TESSERA_TRY(campaigns.put_messages(held.id, made_.messages));
            return put_counters_and_outcomes(writer, held);
        });
    }

    // Likewise for messages formatted again: they take the place of the old ones, whose counters stay unused.
    result<void> commit_again(const chunk& held, const std::vector<cards::card_id>& touched) {
        return run_.env->writer->transact([&](store::connection& writer) -> result<void> {
            campaign_store campaigns(writer);
            TESSERA_TRY(nobody_overtook(writer, held));
            TESSERA_TRY_VALUE(const auto before, campaigns.messages(held.id));
            TESSERA_TRY_VALUE(auto entries, parse_messages(before));
            auto change = made_.progress;
            std::erase_if(entries, [&](const message_entry& one) {
                const bool old = std::ranges::binary_search(touched, one.card);
                if (old && one.sequence == 0 && one.what != purpose::listen) --change.prepared;
                return old;
            });
            TESSERA_TRY_VALUE(const auto fresh, parse_messages(made_.messages));
            entries.insert(entries.end(), fresh.begin(), fresh.end());
            std::ranges::stable_sort(entries, {}, &message_entry::card);
            bytes block;
            for (const auto& one : entries) append_entry(block, one);
            TESSERA_TRY(campaigns.replace_messages(held.id, block, moment_, change));
            return put_counters_and_outcomes(writer, held);
        });
    }

    // A single operation that came between reading and writing has used the counters that were given out here.
    result<void> nobody_overtook(store::connection& writer, const chunk& held) const {
        TESSERA_TRY_VALUE(const auto touched,
                          operations::operation_store(writer).touched(held.first, held.last, moment_));
        TESSERA_TRY_VALUE(const auto given, counters_given(writer, held));
        if (touched.empty() && given == given_) return {};
        return failure(code_overtaken, "chunk", "somebody else has used a counter of its cards meanwhile");
    }

    // Where several processes conduct, another campaign may be preparing the same cards.
    result<std::int64_t> counters_given(store::connection& database, const chunk& held) const {
        if (!run_.env->shared()) return 0;
        return campaign_store(database).counters_given(held);
    }

    result<void> put_counters_and_outcomes(store::connection& writer, const chunk& held) {
        campaign_store campaigns(writer);
        cards::card_store cards(writer);
        campaigns.gather();
        cards.gather();
        for (const auto& one : made_.counters)
            TESSERA_TRY(cards.put_counter(one.card, one.key_version, one.application, one.counter));
        for (const auto& one : made_.contents) TESSERA_TRY(campaigns.put_content(held.id.campaign, one));
        const auto now = run_.env->clock->now();
        for (const auto& one : made_.key_sets) TESSERA_TRY(commit_key_set(writer, one, *run_.what->rotation, now));
        for (const auto& one : made_.outcomes)
            TESSERA_TRY(campaigns.put_outcome(held.id.campaign, one, 0, held.id.round, now));
        TESSERA_TRY(cards.flush());
        return campaigns.flush();
    }

    campaign_run run_;
    store::lent_reader reader_;
    cards::key_vault vault_;
    definition for_terminals_;
    std::optional<target_formatter> cards_, terminals_;  // as far as the campaign has something for them
    terminal_ports ports_;
    prepared_chunk made_;
    std::int64_t moment_ = 0;  // of what made_ was formatted from
    std::int64_t given_ = 0;   // likewise
};

constexpr auto look_again = std::chrono::milliseconds(100);  // whether operations are still under way

void wait_a_moment(const campaign_run& run) {
    const auto until = run.env->clock->monotonic() + look_again;
    while (!run.stopping() && run.env->clock->monotonic() < until) {
        net::event_loop loop;
        const auto timer = loop.after(limits::stop_look, [] {});
        loop.run();
    }
}

// Before P1 ends, messages of cards that single operations touched are formatted again, and operations under way are
// waited for. Whatever comes after that limit leaves the round when its chunk is released (C-15).
result<void> prepare_stale(const campaign_run& run) {
    const auto& env = *run.env;
    TESSERA_TRY_VALUE(auto reader, env.storage->lend_reader());
    preparer again(run, std::move(reader));
    const auto until = env.clock->monotonic() + limits::single_operation_wait;
    while (!run.stopping()) {
        TESSERA_TRY_VALUE(const auto stale, env.writer->transact([&](store::connection& writer) {
            return campaign_store(writer).stale_chunks(run.subject.key, run.subject.round);
        }));
        for (const auto& one : stale) {
            if (run.stopping()) return {};
            TESSERA_TRY(again.work_again(one));
        }
        if (env.clock->monotonic() >= until) return {};
        if (!stale.empty()) continue;
        TESSERA_TRY_VALUE(const bool busy, env.writer->transact([&](store::connection& writer) {
            return campaign_store(writer).operations_in_flight(run.subject.key, run.subject.round);
        }));
        if (!busy) return {};
        wait_a_moment(run);
    }
    return {};
}

}  // namespace

result<void> prepare_chunks(const campaign_run& run) {
    return work_through_chunks(run, chunk_state::created, [&run]() -> result<std::unique_ptr<chunk_worker>> {
        TESSERA_TRY_VALUE(auto reader, run.env->storage->lend_reader());
        return std::make_unique<preparer>(run, std::move(reader));
    });
}

result<void> prepare(const campaign_run& run) {
    TESSERA_TRY(prepare_chunks(run));
    return prepare_stale(run);
}

}  // namespace tessera::campaigns
