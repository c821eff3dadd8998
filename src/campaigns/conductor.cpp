#include "campaigns/conductor.h"

#include "base/limits.h"
#include "campaigns/exchange.h"
#include "campaigns/machine.h"
#include "campaigns/prepare.h"
#include "campaigns/store.h"

namespace tessera::campaigns {
namespace {

class conductor {
public:
    conductor(const environment& env, campaign subject, definition what, const definition_source& definition_of)
        : env_(&env), subject_(std::move(subject)), what_(std::move(what)), definition_of_(definition_of) {}

    result<run_end> work() {
        TESSERA_TRY(begin());
        while (subject_.state != campaign_state::finished) {
            if (auto done = run_phase(); !done) {
                // Its clock stands until it is resumed; what failed is told, whether or not this can be noted.
                static_cast<void>(interrupt());
                return std::unexpected(std::move(done).error());
            }
            if (env_->stopping()) {
                TESSERA_TRY(interrupt());
                return run_end::interrupted;
            }
            TESSERA_TRY(move_on());
        }
        return run_end::finished;
    }

private:
    result<void> begin() {
        const auto event = subject_.state == campaign_state::created ? campaign_event::begin : campaign_event::resume;
        const auto next = next_state(subject_.state, event);
        if (!next)
            return failure("bad_state", "campaign",
                           "is " + std::string(to_string(subject_.state)) + " and cannot be run");
        return env_->writer->transact([&](store::connection& writer) -> result<void> {
            campaign_store campaigns(writer);
            TESSERA_TRY(campaigns.break_leases(subject_.key));
            if (event == campaign_event::begin) {
                subject_.round = 1;
                subject_.phase = next_phase(phase::none);
            }
            subject_.state = *next;
            TESSERA_TRY(
                campaigns.set_state(subject_.key, subject_.state, subject_.round, subject_.phase, std::nullopt));
            return campaigns.begin_phase(subject_.key, subject_.round, subject_.phase, env_->clock->now());
        });
    }

    result<void> run_phase() {
        TESSERA_TRY_VALUE(const auto cards, cards_in_round());
        env_->progress->phase_began(subject_.round, subject_.phase, cards);
        const campaign_run run{env_, subject_, &what_};
        switch (subject_.phase) {
            case phase::prepare:
                TESSERA_TRY(prepare(run));
                break;
            case phase::exchange:
                TESSERA_TRY(exchange(run));
                break;
            default:
                TESSERA_TRY(settle(run));
                break;
        }
        env_->progress->phase_ended(subject_.round, subject_.phase);
        if (subject_.phase == phase::settle && !env_->stopping())
            TESSERA_TRY(settle_late_answers(*env_, definition_of_));
        return {};
    }

    result<std::int64_t> cards_in_round() {
        return env_->writer->transact([&](store::connection& writer) -> result<std::int64_t> {
            campaign_store campaigns(writer);
            TESSERA_TRY_VALUE(const auto rounds, campaigns.progress(subject_.key));
            for (const auto& one : rounds)
                if (one.round == subject_.round) return one.targets;
            return 0;
        });
    }

    // The phase's next run begins when the campaign is resumed; until then its clock stands.
    result<void> interrupt() {
        return env_->writer->transact([&](store::connection& writer) {
            return campaign_store(writer).end_phase(subject_.key, subject_.round, subject_.phase, env_->clock->now());
        });
    }

    // The barrier: one transaction finds every chunk through the phase and opens the next one.
    result<void> move_on() {
        TESSERA_TRY_VALUE(subject_, env_->writer->transact([&](store::connection& writer) -> result<campaign> {
            auto next = subject_;  // a transaction may be run again, from the same start
            campaign_store campaigns(writer);
            TESSERA_TRY(all_through(campaigns));
            const auto now = env_->clock->now();
            TESSERA_TRY(campaigns.end_phase(next.key, next.round, next.phase, now));
            next.phase = next_phase(subject_.phase);
            std::int64_t waiting = 0;
            if (next.phase == phase::none) {
                TESSERA_TRY_VALUE(waiting, campaigns.cut_into_chunks(next.key, next.round + 1));
            }
            if (next.phase == phase::none && waiting == 0) {
                next.state = *next_state(subject_.state, campaign_event::finish);
                TESSERA_TRY(campaigns.set_state(next.key, next.state, next.round, next.phase, now));
                return next;
            }
            if (next.phase == phase::none) {
                ++next.round;
                next.phase = next_phase(phase::none);
            }
            TESSERA_TRY(campaigns.set_state(next.key, next.state, next.round, next.phase, std::nullopt));
            TESSERA_TRY(campaigns.begin_phase(next.key, next.round, next.phase, now));
            return next;
        }));
        return {};
    }

    result<void> all_through(campaign_store& campaigns) {
        const auto reached = step_of(subject_.phase).to;
        for (const auto state :
             {chunk_state::created, chunk_state::prepared, chunk_state::released, chunk_state::closed}) {
            if (state >= reached) break;
            TESSERA_TRY_VALUE(const auto left, campaigns.chunks_in(subject_.key, subject_.round, state));
            if (left > 0)
                return failure("unfinished_phase", std::string(to_string(subject_.phase)),
                               std::to_string(left) + " chunks have not gone through it");
        }
        return {};
    }

    const environment* env_;
    campaign subject_;
    definition what_;
    const definition_source& definition_of_;
};

}  // namespace

result<run_end> conduct(const environment& env, campaign_key key, const definition_source& definition_of) {
    TESSERA_TRY_VALUE(auto subject,
                      env.writer->transact([&](store::connection& writer) { return campaign_store(writer).get(key); }));
    if (subject.state == campaign_state::finished) return run_end::finished;
    TESSERA_TRY_VALUE(auto what, definition_of(subject));
    return conductor(env, std::move(subject), std::move(what), definition_of).work();
}

std::string_view to_string(campaign_state state) {
    constexpr std::string_view names[] = {"created", "running", "paused", "finished", "cancelled"};
    return names[static_cast<std::size_t>(state)];
}

std::string_view to_string(phase which) {
    constexpr std::string_view names[] = {"none", "prepare", "exchange", "settle"};
    return names[static_cast<std::size_t>(which)];
}

}  // namespace tessera::campaigns
