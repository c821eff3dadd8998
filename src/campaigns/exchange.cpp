#include "campaigns/exchange.h"

#include <future>

#include "campaigns/blocks.h"
#include "campaigns/chunk_work.h"
#include "campaigns/exchange_core.h"
#include "campaigns/journal_thread.h"
#include "campaigns/safety_store.h"
#include "campaigns/send_ration.h"

namespace tessera::campaigns {
namespace {

constexpr auto tick_interval = std::chrono::milliseconds(1);
constexpr auto progress_interval = std::chrono::seconds(1);
constexpr auto passed_interval = std::chrono::milliseconds(250);
constexpr std::int64_t passed_at_once = 1'000;

// Nothing to say and nobody to listen to: the chunks pass through.
class passing_worker final : public chunk_worker {
public:
    explicit passing_worker(const campaign_run& run) : run_(run) {}
    result<void> work(const chunk& held) override {
        return run_.env->writer->transact([&](store::connection& writer) {
            return campaign_store(writer).move_chunk(held, run_.env->instance, chunk_state::closed, 0, {});
        });
    }

private:
    campaign_run run_;
};

exchange_settings settings_of(const environment& env, const definition& what) {
    exchange_settings made{what.por_timeout, what.attempts,      what.security.tar,
                           std::nullopt,     what.sending_again, env.lease_time / limits::lease_renewals};
    if (what.terminals) made.agent = what.terminals->application;
    return made;
}

// The driver: an event loop with the network, the journal and a tick, around the core.
class driver {
public:
    explicit driver(const campaign_run& run)
        : run_(run),
          loop_(*run.env->shared_loop),
          proxy_(*this),
          core_(settings_of(*run.env, *run.what), proxy_, *run.env->clock),
          gate_(core_),
          journal_(run, loop_, gate_) {}

    result<void> work() {
        TESSERA_TRY(journal_.open());
        loop_.post([this] { start(); });
        done_.get_future().wait();
        journal_.close();
        drain();
        if (core_.failed()) return std::unexpected(*core_.failed());
        return {};
    }

private:
    // The core is made before the journal that it writes to.
    class journal_proxy final : public exchange_journal {
    public:
        explicit journal_proxy(driver& owner) : owner_(&owner) {}
        void lease(std::int64_t limit) override { owner_->journal_.lease(limit); }
        void release(const chunk& held, int attempt, bool with_answers) override {
            owner_->journal_.release(held, attempt, with_answers);
        }
        void write(journal_batch batch) override { owner_->journal_.write(std::move(batch)); }

    private:
        driver* owner_;
    };

    // What the journal says after the end is nobody's business any more: the network is gone.
    class gate final : public journal_events {
    public:
        explicit gate(exchange_core& core) : core_(&core) {}
        void on_leased(std::vector<chunk> chunks) override {
            if (!core_->ended()) core_->on_leased(std::move(chunks));
        }
        void on_loaded(loaded_chunk loaded) override {
            if (!core_->ended()) core_->on_loaded(std::move(loaded));
        }
        void on_written(journal_batch batch) override {
            if (!core_->ended()) core_->on_written(std::move(batch));
        }
        void on_journal_failed(const error& why) override {
            if (!core_->ended()) core_->on_journal_failed(why);
        }

    private:
        exchange_core* core_;
    };

    // The loop outlives this driver and may still hold what the journal posted.
    void drain() {
        std::promise<void> drained;
        loop_.post([&drained] { drained.set_value(); });
        drained.get_future().wait();
    }

    void start() {
        network_ = run_.env->sends_per_hour > 0 ? rationed() : run_.env->open_network(loop_, core_);
        core_.use(*network_);
        core_.start();
        tick();
    }

    std::unique_ptr<telecom::network> rationed() {
        auto made = std::make_unique<rationed_network>(
            *run_.env, loop_, core_, [this](std::function<result<void>()> work) { journal_.run(std::move(work)); });
        made->over(run_.env->open_network(loop_, *made));
        ration_ = made.get();
        return made;
    }

    void tick() {
        if (run_.stopping()) core_.stop();
        const bool closed = run_.send_until && run_.env->clock->now() >= *run_.send_until;
        if (closed || (ration_ != nullptr && ration_->exhausted())) core_.drain();
        if (const auto now = run_.env->clock->monotonic(); now - reported_ > progress_interval) {
            reported_ = now;
            core_.report_progress();
        }
        if (run_.env->shared()) look_for_passed();
        core_.tick();
        if (const auto finished = core_.take_finished(); finished > 0) run_.env->progress->cards_moved(finished);
        if (core_.ended()) return end();
        timer_ = loop_.after(tick_interval, [this] { tick(); });
    }

    // Answers that reached another gateway than this one, which sent.
    void look_for_passed() {
        const auto now = run_.env->clock->monotonic();
        if (looking_ || now - looked_ < passed_interval) return;
        looking_ = true;
        looked_ = now;
        journal_.run([this]() -> result<void> {
            auto found = run_.env->writer->transact([&](store::connection& writer) {
                return campaign_store(writer).take_passed(run_.subject.key, run_.subject.round, run_.env->instance,
                                                          passed_at_once);
            });
            // Others were at the same rows: they are there the next time.
            if (!found && found.error().code == store::code_retry) found.emplace();
            if (!found) return std::unexpected(std::move(found).error());
            loop_.post([this, blocks = std::move(*found)] { take_passed(blocks); });
            return {};
        });
    }
    void take_passed(const std::vector<campaign_store::passed_block>& blocks) {
        looking_ = false;
        if (core_.ended()) return;
        for (const auto& block : blocks) {
            std::vector<answer_entry> entries;
            if (!parse_answers(block.octets, entries)) continue;  // P3 says so
            for (const auto& one : entries) core_.on_passed(block.chunk, one.card, one.octets);
        }
    }

    // On the loop's thread, where the network lives.
    void end() {
        if (ration_ != nullptr && ration_->unused() > 0) {
            const auto count = ration_->unused();
            const auto when = ration_->taken_at();
            journal_.run([env = run_.env, count, when] {
                return env->writer->transact(
                    [&](store::connection& writer) { return safety_store(writer).give_back_sends(count, when); });
            });
        }
        ration_ = nullptr;
        network_.reset();
        timer_.reset();
        done_.set_value();
    }

    campaign_run run_;
    net::event_loop& loop_;
    journal_proxy proxy_;
    exchange_core core_;
    gate gate_;
    journal_thread journal_;
    std::unique_ptr<telecom::network> network_;
    instant reported_ = run_.env->clock->monotonic();
    rationed_network* ration_ = nullptr;  // it, where there is one
    bool looking_ = false;
    instant looked_ = run_.env->clock->monotonic();
    std::unique_ptr<net::event_loop::timer> timer_;
    std::promise<void> done_;
};

}  // namespace

result<bool> anything_to_exchange(const campaign_run& run) {
    return run.env->writer->transact([&](store::connection& writer) -> result<bool> {
        campaign_store campaigns(writer);
        TESSERA_TRY_VALUE(const auto rounds, campaigns.progress(run.subject.key));
        for (const auto& round : rounds)
            if (round.round == run.subject.round) {
                // Whoever neither has a message nor was settled in P1 is listened for.
                if (round.progress.prepared == 0 && round.progress.outcomes.total() == round.targets) return false;
                TESSERA_TRY_VALUE(const auto prepared,
                                  campaigns.chunks_in(run.subject.key, round.round, chunk_state::prepared));
                TESSERA_TRY_VALUE(const auto released,
                                  campaigns.chunks_in(run.subject.key, round.round, chunk_state::released));
                return prepared + released > 0;
            }
        return false;
    });
}

result<void> exchange(const campaign_run& run) {
    TESSERA_TRY_VALUE(const bool needed, anything_to_exchange(run));
    if (needed) return driver(run).work();
    return work_through_chunks(run, chunk_state::prepared, [&run]() -> result<std::unique_ptr<chunk_worker>> {
        return std::make_unique<passing_worker>(run);
    });
}

}  // namespace tessera::campaigns
