// The exchange's journal over the database: a thread of its own, so that the network is never kept waiting for a disk.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "campaigns/arrival_clock.h"
#include "campaigns/environment.h"
#include "campaigns/exchange_journal.h"
#include "campaigns/store.h"

namespace tessera::campaigns {

class journal_thread final : public exchange_journal {
public:
    // Events are posted to `loop`. `events` and `loop` must outlive close().
    journal_thread(const campaign_run& run, net::event_loop& loop, journal_events& events);
    ~journal_thread() override { close(); }

    [[nodiscard]] result<void> open();
    // Finishes what was asked for and ends the thread.
    void close();

    void lease(std::int64_t limit) override;
    void release(const chunk& held, int attempt, bool with_answers) override;
    void write(journal_batch batch) override;
    // Any other work that waits for the disk.
    void run(std::function<result<void>()> work) { enqueue(std::move(work)); }

private:
    using task = std::function<result<void>()>;
    void enqueue(task work);
    void work_through();
    [[nodiscard]] result<void> lease_now(std::int64_t limit);
    [[nodiscard]] result<void> release_now(const chunk& held, int attempt, bool with_answers);
    [[nodiscard]] result<void> write_now(journal_batch& batch);
    [[nodiscard]] result<void> may_speak(store::connection& writer) const;
    [[nodiscard]] result<void> still_ours(const chunk& held);
    [[nodiscard]] result<void> move_on(campaign_store& campaigns, const journal_batch::move& move);
    [[nodiscard]] result<void> put_unsent(campaign_store& campaigns, const journal_batch::unsent_cards& of) const;
    [[nodiscard]] result<void> renew_leases(store::connection& writer);
    [[nodiscard]] result<void> mark_if_settled(campaign_store& campaigns, const chunk_id& where,
                                               std::span<const journal_batch::answer> answers) const;
    [[nodiscard]] result<void> put_answers(campaign_store& campaigns, const journal_batch& batch);
    [[nodiscard]] result<void> put_strangers(const journal_batch& batch);
    [[nodiscard]] result<std::vector<cards::card_id>> set_aside(store::connection& writer, const chunk& held,
                                                                const std::vector<cards::card_id>* of);
    [[nodiscard]] result<void> load_packets(loaded_chunk& into, const std::vector<cards::card_id>& left);
    [[nodiscard]] result<void> load_answers(loaded_chunk& into);

    campaign_run run_;
    net::event_loop* loop_;
    journal_events* events_;
    store::lent_reader reader_;
    arrival_clock arrivals_;
    instant renewed_ = run_.env->clock->monotonic();  // the leases

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<task> tasks_;
    bool closing_ = false;
    std::thread thread_;
};

}  // namespace tessera::campaigns
