#include "campaigns/conductor.h"

#include <algorithm>

#include "campaigns/course.h"
#include "campaigns/danger.h"
#include "campaigns/duty.h"
#include "campaigns/exchange.h"
#include "campaigns/machine.h"
#include "campaigns/opening.h"
#include "campaigns/prepare.h"
#include "campaigns/refusals.h"
#include "campaigns/safety_store.h"
#include "campaigns/settle.h"
#include "campaigns/settle_late.h"
#include "campaigns/store.h"
#include "campaigns/wave_store.h"

namespace tessera::campaigns {
namespace {

// A run that is to stop waits for nothing that takes longer: for a look at that it is, and for an SMSC that does not
// answer the unbind.
static_assert(limits::stop_look + limits::smpp_unbind_wait < limits::stop_wait);

class conductor {
public:
    conductor(const environment& env, campaign subject, definition what, const definition_source& definition_of)
        : env_(&env), subject_(std::move(subject)), what_(std::move(what)), definition_of_(definition_of) {}

    result<run_end> work() {
        TESSERA_TRY(begin());
        while (subject_.state == campaign_state::running) {
            if (auto done = run_phase(); !done) {
                // Its clock stands until it is resumed; what failed is told, whether or not this can be noted.
                static_cast<void>(interrupt());
                return std::unexpected(std::move(done).error());
            }
            if (env_->stopping()) {
                TESSERA_TRY(interrupt());
                return run_end::interrupted;
            }
            TESSERA_TRY(watch_ != nullptr && watch_->exceeded() ? stop_within_phase() : move_on());
        }
        return subject_.state == campaign_state::finished ? run_end::finished : run_end::held;
    }

    // One look of one of several processes.
    result<share> take_part() {
        TESSERA_TRY(look());
        if (subject_.state != campaign_state::running) return share::over;
        TESSERA_TRY_VALUE(const bool mine, anything_for_me());
        if (mine) TESSERA_TRY(run_share());
        if (env_->stopping()) return share::nothing;
        if (mine && watch_ != nullptr && watch_->exceeded()) {
            TESSERA_TRY(stop_within_phase());
            return share::over;
        }
        TESSERA_TRY_VALUE(const bool through, ready_to_move_on());
        if (!through) return share::nothing;
        TESSERA_TRY(move_on());
        return share::something;
    }

    result<void> begin_for_all() {
        TESSERA_TRY(look());
        return subject_.state == campaign_state::running ? result<void>() : begin();
    }

private:
    // --- one of several

    result<void> look() {
        TESSERA_TRY_VALUE(subject_, env_->writer->transact([&](store::connection& writer) -> result<campaign> {
            TESSERA_TRY(course_.load(writer, subject_.key));
            return campaign_store(writer).get(subject_.key);
        }));
        return {};
    }

    // What it leased and did not bring to its end is for whoever comes next.
    result<void> run_share() {
        auto done = run_phase();
        if (done) return done;
        static_cast<void>(free_leases());  // or they run out
        return done;
    }
    result<void> free_leases() {
        return env_->writer->transact([&](store::connection& writer) -> result<void> {
            campaign_store campaigns(writer);
            TESSERA_TRY(campaigns.break_leases(subject_.key, env_->instance));
            TESSERA_TRY_VALUE(const bool others, campaigns.any_leased(subject_.key, subject_.round));
            return others ? result<void>() : leave_duty(writer, duty_exchange, subject_.id);
        });
    }

    // Chunks that pass through P2 because nothing is sent are anybody's.
    result<bool> anything_for_me() {
        const campaign_run run{env_, subject_, &what_};
        bool speaks = false;
        bool mine = env_->role == role::all;
        if (subject_.phase == phase::exchange) {
            TESSERA_TRY_VALUE(const bool needed, anything_to_exchange(run));
            mine = mine || env_->role == role::gateway || !needed;
            TESSERA_TRY_VALUE(const auto opening, opening_now());
            if (needed && opening.from > env_->clock->now()) return false;
            speaks = needed;
        } else {
            mine = mine || env_->role == role::worker;
        }
        if (!mine) return false;
        const auto step = step_of(subject_.phase);
        return env_->writer->transact([&](store::connection& writer) -> result<bool> {
            campaign_store campaigns(writer);
            const auto any = [&](chunk_state state) {
                return campaigns.any_to_lease(subject_.key, subject_.round, state, env_->instance, env_->clock->now());
            };
            TESSERA_TRY_VALUE(bool found, any(step.from));
            if (!found && subject_.phase == phase::exchange) {
                TESSERA_TRY_VALUE(found, any(chunk_state::released));
            }
            if (!found || !speaks) return found;
            const auto now = env_->clock->now();
            return take_duty(writer, duty_exchange, subject_.id, now, now + env_->lease_time);
        });
    }

    result<send_opening> opening_now() {
        if (!restricted()) return send_opening{env_->clock->now(), std::nullopt, send_limit::none};
        return env_->writer->transact([&](store::connection& writer) {
            return next_opening(writer, what_, course_, subject_.round, env_->sends_per_hour, env_->clock->now());
        });
    }

    // P1 ends when P2 may begin, as where one process conducts: until then, and at the end, what single operations
    // made stale is formatted again.
    result<bool> ready_to_move_on() {
        TESSERA_TRY_VALUE(const bool through, env_->writer->transact([&](store::connection& writer) -> result<bool> {
            campaign_store campaigns(writer);
            return all_through(campaigns).has_value();
        }));
        if (!through || subject_.phase != phase::prepare) return through;
        campaign_run run{env_, subject_, &what_, course_.first_round(subject_.round), watch_.get()};
        TESSERA_TRY_VALUE(const bool needed, anything_to_exchange(run));
        TESSERA_TRY_VALUE(const auto opening, opening_now());
        if (needed && opening.from > env_->clock->now()) return false;
        TESSERA_TRY(prepare(run));
        return !env_->stopping();
    }

    // --- the only one, or whichever

    result<void> begin() {
        const auto event = subject_.state == campaign_state::created ? campaign_event::begin : campaign_event::resume;
        const auto next = next_state(subject_.state, event);
        if (!next) return cannot_run();
        TESSERA_TRY(ask_for_danger());
        return transit([&](store::connection& writer, campaign& now) -> result<void> {
            campaign_store campaigns(writer);
            TESSERA_TRY(safety_store(writer).nothing_stands());
            // Of several, those that live free what they hold, and what the dead held runs out.
            if (!env_->shared()) TESSERA_TRY(campaigns.break_leases(now.key));
            now.state = *next;
            if (now.phase == phase::none) return begin_leg(writer, now);
            return enter(campaigns, now);
        });
    }

    // Campaigns that were made before anybody asked have no gate yet.
    result<void> ask_for_danger() {
        const auto danger = dangers_of(what_);
        if (danger.empty()) return {};
        TESSERA_TRY_VALUE(const bool approved, env_->writer->transact([&](store::connection& writer) -> result<bool> {
            wave_store waves(writer);
            TESSERA_TRY_VALUE(const auto gates, waves.gates(subject_.key));
            const auto asked = std::ranges::find(gates, gate_kind::danger, &gate::kind);
            if (asked != gates.end()) return asked->approved_at.has_value();
            TESSERA_TRY(waves.close_gate(subject_.key, gate_kind::danger, 0, danger, env_->clock->now()));
            return false;
        }));
        if (approved) return {};
        return failure("needs_approval", subject_.id,
                       danger + "; somebody must take the responsibility first: tessera campaign approve " +
                           subject_.id + " --by NAME");
    }

    result<void> cannot_run() {
        TESSERA_TRY_VALUE(const auto gates, env_->writer->transact([&](store::connection& writer) {
            return wave_store(writer).gates(subject_.key);
        }));
        const auto reason = waits_for(gates);
        return failure("bad_state", "campaign",
                       "is " + std::string(to_string(subject_.state)) + " and cannot be run" +
                           (reason.empty() ? "" : ": " + reason + "; see: tessera campaign approve"));
    }

    result<void> run_phase() {
        TESSERA_TRY_VALUE(const auto cards, cards_in_round());
        env_->progress->phase_began(subject_.round, subject_.phase, cards);
        // P3 settles what was sent, whatever it finds.
        watch_ = subject_.phase == phase::settle ? nullptr : course_.watch(subject_.round);
        if (watch_ != nullptr && subject_.phase == phase::exchange) TESSERA_TRY(count_refusals());
        campaign_run run{env_, subject_, &what_, course_.first_round(subject_.round), watch_.get()};
        switch (subject_.phase) {
            case phase::prepare:
                TESSERA_TRY(env_->shared() ? prepare_chunks(run) : prepare_for_opening(run));
                break;
            case phase::exchange:
                TESSERA_TRY(env_->shared() ? exchange_share(run) : exchange_while_open(run));
                break;
            default:
                TESSERA_TRY(settle(run));
                break;
        }
        env_->progress->phase_ended(subject_.round, subject_.phase);
        // Where several conduct, one does it for all (joint work).
        if (subject_.phase == phase::settle && !env_->stopping() && !env_->shared())
            TESSERA_TRY(settle_late_answers(*env_, definition_of_));
        return {};
    }

    // Those of before a pause or a crash count as well.
    result<void> count_refusals() {
        TESSERA_TRY_VALUE(const auto reader, env_->storage->lend_reader());
        const store::snapshot view(*reader);
        TESSERA_TRY(view.begun());
        TESSERA_TRY_VALUE(const auto refused, refusals_in(*reader, subject_.key, subject_.round));
        watch_->failed(refused);
        return {};
    }

    // P1 ends when P2 may begin: what single operations made stale meanwhile is formatted again.
    result<void> prepare_for_opening(campaign_run& run) {
        TESSERA_TRY(prepare(run));
        if (run.stopping() || !restricted()) return {};
        TESSERA_TRY_VALUE(const bool needed, anything_to_exchange(run));
        if (!needed) return {};
        TESSERA_TRY_VALUE(const bool waited, await_opening(run));
        return waited ? prepare(run) : result<void>{};
    }

    result<void> exchange_while_open(campaign_run& run) {
        while (restricted()) {
            TESSERA_TRY_VALUE(const bool needed, anything_to_exchange(run));
            if (!needed) break;
            TESSERA_TRY(await_opening(run));
            if (run.stopping()) return {};
            TESSERA_TRY(exchange(run));
            if (run.stopping()) return {};
            // What was released and is not through goes on when it may be sent again, as after a crash.
            TESSERA_TRY(env_->writer->transact(
                [&](store::connection& writer) { return campaign_store(writer).break_leases(subject_.key); }));
            TESSERA_TRY_VALUE(const bool through, exchanged());
            if (through) return {};
        }
        return exchange(run);
    }

    result<void> exchange_share(campaign_run& run) {
        TESSERA_TRY_VALUE(const auto opening, opening_now());
        run.send_until = opening.to;
        TESSERA_TRY(exchange(run));
        // What was released and is not through goes on at the next opening, as after a crash.
        return free_leases();
    }

    result<bool> exchanged() {
        return env_->writer->transact([&](store::connection& writer) -> result<bool> {
            campaign_store campaigns(writer);
            TESSERA_TRY_VALUE(const auto prepared,
                              campaigns.chunks_in(subject_.key, subject_.round, chunk_state::prepared));
            TESSERA_TRY_VALUE(const auto released,
                              campaigns.chunks_in(subject_.key, subject_.round, chunk_state::released));
            return prepared + released == 0;
        });
    }

    [[nodiscard]] bool restricted() const { return is_restricted(what_, env_->sends_per_hour); }

    // Waits until something may be sent; the phase's clock stands meanwhile. True: it had to wait.
    result<bool> await_opening(campaign_run& run) {
        bool waited = false;
        for (;;) {
            const auto now = env_->clock->now();
            TESSERA_TRY_VALUE(const auto found, env_->writer->transact([&](store::connection& writer) {
                return next_opening(writer, what_, course_, subject_.round, env_->sends_per_hour, now);
            }));
            run.send_until = found.to;
            if (found.from <= now) break;
            if (!waited) {
                TESSERA_TRY(interrupt());
                env_->progress->waits(to_string(found.what), found.from);
            }
            waited = true;
            while (!env_->stopping() && env_->clock->now() < found.from) wait_a_moment();
            if (env_->stopping()) return true;
        }
        if (!waited) return false;
        TESSERA_TRY(env_->writer->transact([&](store::connection& writer) {
            return campaign_store(writer).begin_phase(subject_.key, subject_.round, subject_.phase, env_->clock->now());
        }));
        return true;
    }

    static void wait_a_moment() {
        net::event_loop loop;
        const auto timer = loop.after(limits::stop_look, [] {});
        loop.run();
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

    // One transaction that changes where the campaign stands; it may be run again, from the same start.
    template <class Change>
    result<void> transit(Change&& change) {
        TESSERA_TRY_VALUE(subject_, env_->writer->transact([&](store::connection& writer) -> result<campaign> {
            auto now = subject_;
            if (env_->shared()) {
                // Another one may have been quicker: what is found is changed, or what that one made of it stands.
                TESSERA_TRY_VALUE(auto found, campaign_store(writer).get(now.key));
                if (found.state != now.state || found.round != now.round || found.phase != now.phase) return found;
            }
            TESSERA_TRY(course_.load(writer, now.key));
            TESSERA_TRY(change(writer, now));
            if (course_.in_legs()) TESSERA_TRY(course_.load(writer, now.key));
            return now;
        }));
        return {};
    }

    // The barrier: one transaction finds every chunk through the phase and opens the next one.
    result<void> move_on() {
        return transit([&](store::connection& writer, campaign& now) -> result<void> {
            campaign_store campaigns(writer);
            TESSERA_TRY(all_through(campaigns));
            TESSERA_TRY(campaigns.end_phase(now.key, now.round, now.phase, env_->clock->now()));
            if (env_->shared() && now.phase == phase::exchange) {
                TESSERA_TRY(campaigns.forget_passed(now.key, now.round));
                TESSERA_TRY(leave_duty(writer, duty_exchange, now.id));
            }
            now.phase = next_phase(now.phase);
            if (now.phase != phase::none) return enter(campaigns, now);
            TESSERA_TRY_VALUE(const auto waiting, campaigns.cut_into_chunks(now.key, now.round + 1, env_->chunk_cards));
            if (waiting == 0) return end_leg(writer, now);
            ++now.round;
            now.phase = next_phase(phase::none);
            const auto* under_way = course_.of_round(now.round);
            const auto objection = under_way == nullptr ? std::nullopt : course_.too_many_failures(under_way->wave);
            return objection ? hold(writer, now, {gate_kind::errors, under_way->wave, *objection})
                             : enter(campaigns, now);
        });
    }

    result<void> enter(campaign_store& campaigns, const campaign& now) {
        TESSERA_TRY(campaigns.set_state(now.key, now.state, now.round, now.phase, std::nullopt));
        return campaigns.begin_phase(now.key, now.round, now.phase, env_->clock->now());
    }

    // All cards of a campaign without waves, or those of the leg that goes next.
    result<void> begin_leg(store::connection& writer, campaign& now) {
        campaign_store campaigns(writer);
        ++now.round;
        now.phase = next_phase(phase::none);
        if (const auto* going = course_.next(env_->clock->now())) {
            TESSERA_TRY(wave_store(writer).begin_leg(now.key, going->number, now.round));
            TESSERA_TRY(campaigns.cut_into_chunks(now.key, now.round, env_->chunk_cards));
        }
        return enter(campaigns, now);
    }

    result<void> end_leg(store::connection& writer, campaign& now) {
        const auto* over = course_.of_round(now.round);
        const auto* next = course_.next(env_->clock->now());
        if (over != nullptr) TESSERA_TRY(wave_store(writer).end_leg(now.key, over->number, now.round));
        if (over == nullptr || next == nullptr) {
            now.state = *next_state(now.state, campaign_event::finish);
            now.finished_at = env_->clock->now();
            return campaign_store(writer).set_state(now.key, now.state, now.round, now.phase, now.finished_at);
        }
        const bool wave_over = next->wave != over->wave;
        if (const auto objection = course_.too_many_failures(over->wave))
            return hold(writer, now, {gate_kind::errors, over->wave, *objection});
        if (const auto objection = course_.too_few_successes(over->wave); wave_over && objection)
            return hold(writer, now, {gate_kind::success, over->wave, *objection});
        if (wave_over && course_.terms(over->wave).approval)
            return hold(writer, now,
                        {gate_kind::wave, over->wave,
                         name_of_wave(over->wave) + " is over; " + name_of_wave(next->wave) + " wants approval"});
        return begin_leg(writer, now);
    }

    struct obstacle {
        gate_kind kind;
        int wave;
        std::string reason;
    };
    result<void> hold(store::connection& writer, campaign& now, const obstacle& by) {
        now.state = *next_state(now.state, by.kind == gate_kind::wave ? campaign_event::wait : campaign_event::stop);
        const auto when = env_->clock->now();
        TESSERA_TRY(wave_store(writer).close_gate(now.key, by.kind, by.wave, by.reason, when));
        return campaign_store(writer).set_state(now.key, now.state, now.round, now.phase, std::nullopt);
    }

    // More failures than the wave may have came to light before the phase was over: it ends where it stands.
    result<void> stop_within_phase() {
        return transit([&](store::connection& writer, campaign& now) -> result<void> {
            TESSERA_TRY(campaign_store(writer).end_phase(now.key, now.round, now.phase, env_->clock->now()));
            const auto* under_way = course_.of_round(now.round);
            auto reason = course_.too_many_failures(under_way->wave);
            // The network's refusals are no outcomes before P3 has seen them.
            if (!reason)
                reason = name_of_wave(under_way->wave) + ": the network refused more cards than error_threshold allows";
            return hold(writer, now, {gate_kind::errors, under_way->wave, *reason});
        });
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
    course course_{what_};
    std::unique_ptr<failure_watch> watch_;
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

result<share> take_part(const environment& env, campaign_key key, const definition_source& definition_of) {
    TESSERA_TRY_VALUE(auto subject,
                      env.writer->transact([&](store::connection& writer) { return campaign_store(writer).get(key); }));
    TESSERA_TRY_VALUE(auto what, definition_of(subject));
    auto done = conductor(env, std::move(subject), std::move(what), definition_of).take_part();
    // What it held when it failed, was stopped, or stopped the campaign at a threshold, is anybody's, its own to begin
    // with: a lease says no to whoever holds it, too.
    if (!done || env.stopping() || *done == share::over)
        static_cast<void>(env.writer->transact(
            [&](store::connection& writer) { return campaign_store(writer).break_leases(key, env.instance); }));
    return done;
}

result<void> begin_for_all(const environment& env, campaign_key key, const definition_source& definition_of) {
    TESSERA_TRY_VALUE(auto subject,
                      env.writer->transact([&](store::connection& writer) { return campaign_store(writer).get(key); }));
    TESSERA_TRY_VALUE(auto what, definition_of(subject));
    return conductor(env, std::move(subject), std::move(what), definition_of).begin_for_all();
}

std::string_view to_string(campaign_state state) {
    constexpr std::string_view names[] = {"created",   "running", "paused", "finished",
                                          "cancelled", "waiting", "stopped"};
    return names[static_cast<std::size_t>(state)];
}

std::string_view to_string(phase which) {
    constexpr std::string_view names[] = {"none", "prepare", "exchange", "settle"};
    return names[static_cast<std::size_t>(which)];
}

}  // namespace tessera::campaigns
