#include "campaigns/joint_loop.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "base/log.h"
#include "campaigns/duty.h"
#include "campaigns/safety_store.h"
#include "campaigns/settle_late.h"
#include "campaigns/store.h"
#include "campaigns/wind_up.h"

namespace tessera::campaigns {
namespace {

constexpr auto look_again = std::chrono::milliseconds(200);  // for chunks, and at what others did to a campaign
constexpr auto try_again = std::chrono::seconds(1);          // after a database or a network that was not there
constexpr auto put_off = std::chrono::seconds(30);           // a campaign that cannot go on
// Whoever takes part in a campaign that was cancelled has heard of it by then.
constexpr auto heard_by_all = 2 * limits::stop_wait;

constexpr std::string_view settling = "settle what is left";

// A wait that can be cut short.
class pause_between {
public:
    void wait(duration how_long) {
        if (over_) return;
        timer_ = loop_.after(how_long, [] {});
        loop_.run();
    }
    // From any thread. The waiting one finds that there is nothing left to wait for.
    void end() {
        over_ = true;
        loop_.post([this] { timer_.reset(); });
    }

private:
    net::event_loop loop_;
    std::unique_ptr<net::event_loop::timer> timer_;
    std::atomic<bool> over_ = false;
};

// Looks at something now and then, on a thread of its own, for as long as it lives. Whoever begins what it accompanies
// has just looked, so the first look is taken at one that lasts.
class companion {
public:
    companion(duration every, std::function<void()> look)
        : every_(every), look_(std::move(look)), thread_([this] { work(); }) {}
    ~companion() {
        ending_ = true;
        between_.end();
        thread_.join();
    }
    companion(const companion&) = delete;
    companion& operator=(const companion&) = delete;

private:
    void work() {
        for (;;) {
            between_.wait(every_);
            if (ending_) return;
            look_();
        }
    }

    duration every_;
    std::function<void()> look_;
    std::atomic<bool> ending_ = false;
    pause_between between_;
    std::thread thread_;
};

result<bool> goes_on(store::database& storage, campaign_key key) {
    TESSERA_TRY_VALUE(const auto reader, storage.lend_reader());
    const store::snapshot view(*reader);
    TESSERA_TRY(view.begun());
    TESSERA_TRY_VALUE(const auto subject, campaign_store(*reader).get(key));
    TESSERA_TRY_VALUE(const auto stopped, safety_store(*reader).standing());
    return subject.state == campaign_state::running && !stopped;
}

// Sets `halted` when the campaign runs no more, or everything was stopped, whoever did that.
struct state_watch : companion {
    state_watch(store::database& storage, campaign_key key, std::atomic<bool>& halted)
        : companion(look_again, [&storage, key, &halted] {
              if (const auto on = goes_on(storage, key); on && !*on) halted = true;
          }) {}
};

result<bool> take_settling(store::connection& writer, const environment& env) {
    const auto now = env.clock->now();
    return take_duty(writer, settling, env.instance, now, now + env.lease_time);
}

// Renews the duty to settle what is left; sets `halted` when somebody else has taken it.
struct settling_duty : companion {
    settling_duty(const environment& env, std::atomic<bool>& halted)
        : companion(env.lease_time / limits::lease_renewals, [&env, &halted] {
              const auto mine =
                  env.writer->transact([&](store::connection& writer) { return take_settling(writer, env); });
              if (mine && !*mine) halted = true;
          }) {}
};

result<campaign> campaign_now(store::shared_writer& writer, campaign_key key) {
    return writer.transact([&](store::connection& database) { return campaign_store(database).get(key); });
}

// Not all who take part in it have heard of it yet.
bool is_fresh(const campaign& cancelled, timestamp now) {
    return cancelled.finished_at && *cancelled.finished_at + heard_by_all > now;
}

// work(env) by whoever has taken the duty, which is left then; it stops when somebody else has the duty.
template <class Work>
auto as_duty(const environment& env, Work&& work) -> decltype(work(env)) {
    std::atomic<bool> halted = false;
    auto done = [&] {
        const settling_duty kept(env, halted);
        auto watched = env;
        watched.halted = &halted;
        return work(std::as_const(watched));
    }();
    TESSERA_TRY(
        env.writer->transact([&](store::connection& writer) { return leave_duty(writer, settling, env.instance); }));
    return done;
}

// What it had sent, with everybody's; nothing where somebody else is at it.
result<void> settle_when_heard(const environment& env, const campaign& cancelled,
                               const definition_source& definition_of) {
    pause_between between;
    while (is_fresh(cancelled, env.clock->now())) {
        if (env.stopping()) return {};
        between.wait(look_again);
    }
    TESSERA_TRY_VALUE(const bool mine,
                      env.writer->transact([&](store::connection& writer) { return take_settling(writer, env); }));
    if (!mine) return {};
    return as_duty(env, [&](const environment& watched) { return wind_up_cancelled(watched, definition_of); });
}

result<void> take_part_until_over(const environment& env, campaign_key key, const definition_source& definition_of) {
    std::atomic<bool> halted = false;
    const state_watch watch(*env.storage, key, halted);
    auto watched = env;
    watched.halted = &halted;
    pause_between between;
    while (!watched.stopping()) {
        const auto done = take_part(watched, key, definition_of);
        if (done && *done == share::over) break;
        if (!done && !may_pass(done.error())) return std::unexpected(done.error());
        if (!done) log_warning("goes on as soon as it can: " + to_string(done.error()));
        if (!done || *done == share::nothing) between.wait(done ? duration(look_again) : duration(try_again));
    }
    return {};
}

run_end end_of(campaign_state state) {
    if (state == campaign_state::finished) return run_end::finished;
    const bool held = state == campaign_state::waiting || state == campaign_state::stopped;
    return held ? run_end::held : run_end::interrupted;
}

}  // namespace

result<run_end> run_together(const environment& env, campaign_key key, const definition_source& definition_of) {
    TESSERA_TRY_VALUE(const auto before, campaign_now(*env.writer, key));
    if (before.state == campaign_state::finished) return run_end::finished;
    TESSERA_TRY(begin_for_all(env, key, definition_of));
    TESSERA_TRY(take_part_until_over(env, key, definition_of));
    TESSERA_TRY_VALUE(const auto after, campaign_now(*env.writer, key));
    // Perhaps nobody else serves.
    if (after.state == campaign_state::cancelled) TESSERA_TRY(settle_when_heard(env, after, definition_of));
    return end_of(after.state);
}

class joint_loop::machine {
public:
    machine(const environment& env, environment_source environment_for, definition_source definition_of)
        : env_(env), environment_for_(std::move(environment_for)), definition_of_(std::move(definition_of)) {
        env_.stop = &ending_;
        thread_ = std::thread([this] { work(); });
    }
    ~machine() {
        ending_ = true;
        between_.end();
        thread_.join();
    }
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

private:
    void work() {
        while (!ending_) {
            const auto went = round();
            if (!went) log_warning("goes on as soon as it can: " + to_string(went.error()));
            if (went && *went) continue;
            between_.wait(went ? duration(look_again) : duration(try_again));
        }
    }

    // True: there may be more to do at once. What failed keeps nothing else of the round from being done; errors: the
    // first of them.
    result<bool> round() {
        result<bool> any = false;
        const auto note = [&any](result<bool> some) {
            if (!any) return;
            if (!some || *some) any = std::move(some);
        };
        if (env_.role != role::gateway) note(settle_or_put_off());
        TESSERA_TRY_VALUE(const auto running, running_campaigns());
        for (const auto key : running) {
            if (ending_) return false;
            const auto later = put_off_.find(key.value);
            if (later == put_off_.end() || env_.clock->monotonic() >= later->second) note(part_in(key));
        }
        return any;
    }

    [[nodiscard]] result<std::vector<campaign_key>> running_campaigns() const {
        TESSERA_TRY_VALUE(const auto reader, env_.storage->lend_reader());
        return campaign_store(*reader).in_state(campaign_state::running);
    }

    result<bool> part_in(campaign_key key) {
        TESSERA_TRY_VALUE(const auto subject, campaign_now(*env_.writer, key));
        auto done = take_part_in(subject);
        if (done) return *done == share::something;
        if (may_pass(done.error())) return std::unexpected(std::move(done).error());
        log_error("campaign " + subject.id + " does not go on here: " + to_string(done.error()));
        put_off_[key.value] = env_.clock->monotonic() + put_off;
        return false;
    }

    result<share> take_part_in(const campaign& subject) {
        TESSERA_TRY_VALUE(const auto what, definition_of_(subject));
        TESSERA_TRY_VALUE(auto env, environment_for_(subject, what));
        std::atomic<bool> halted = false;
        env.stop = &ending_;
        env.halted = &halted;
        const state_watch watch(*env_.storage, subject.key, halted);
        return take_part(env, subject.key, definition_of_);
    }

    // What cannot be settled must not keep campaigns from going on.
    result<bool> settle_or_put_off() {
        if (settle_from_ && env_.clock->monotonic() < *settle_from_) return false;
        settle_from_.reset();
        auto more = settle_what_is_left();
        if (more || may_pass(more.error())) return more;
        log_error("what is left is not settled here: " + to_string(more.error()));
        settle_from_ = env_.clock->monotonic() + put_off;
        return false;
    }

    // What cancelled campaigns had sent, and answers that came late: by one for all, or they would be in one another's
    // way. Of many answers some at a time, since campaigns wait for this process, too. True: there are more.
    result<bool> settle_what_is_left() {
        const auto now = env_.clock->now();
        TESSERA_TRY_VALUE(const auto mine, env_.writer->transact([&](store::connection& writer) -> result<remnant> {
            TESSERA_TRY_VALUE(const auto found, find_remnant(writer, now));
            if (found == remnant::none) return found;
            TESSERA_TRY_VALUE(const bool taken, take_settling(writer, env_));
            return taken ? found : remnant::none;
        }));
        if (mine == remnant::none) return false;
        return as_duty(env_, [&](const environment& watched) {
            if (mine == remnant::everything) wind_up_or_put_off(watched);
            return settle_late_answers(watched, definition_of_, limits::late_look_time);
        });
    }
    // Late answers do not wait for what cannot be wound up.
    void wind_up_or_put_off(const environment& watched) {
        const auto done = wind_up_cancelled(watched, definition_of_);
        if (done) return;
        const bool soon = may_pass(done.error());
        if (!soon) log_error("what a cancelled campaign had sent is not settled here: " + to_string(done.error()));
        wind_up_from_ = env_.clock->monotonic() + (soon ? duration(try_again) : duration(put_off));
    }
    enum class remnant : std::uint8_t { none, late_answers, everything };
    result<remnant> find_remnant(store::connection& writer, timestamp now) const {
        campaign_store store(writer);
        TESSERA_TRY_VALUE(const auto late, store.late_cards(1));
        TESSERA_TRY_VALUE(const auto cancelled, store.cancelled_within_a_phase());
        const bool later = wind_up_from_ && env_.clock->monotonic() < *wind_up_from_;
        const bool all_heard = std::ranges::none_of(cancelled, [&](const auto& one) { return is_fresh(one, now); });
        if (!cancelled.empty() && all_heard && !later) return remnant::everything;
        return late.empty() ? remnant::none : remnant::late_answers;
    }

    environment env_;
    environment_source environment_for_;
    definition_source definition_of_;
    std::atomic<bool> ending_ = false;
    std::map<std::int64_t, instant> put_off_;
    std::optional<instant> settle_from_, wind_up_from_;  // what could not be done is tried again then
    pause_between between_;
    std::thread thread_;
};

joint_loop::joint_loop(const environment& env, environment_source environment_for, definition_source definition_of)
    : machine_(std::make_unique<machine>(env, std::move(environment_for), std::move(definition_of))) {}
joint_loop::~joint_loop() = default;

}  // namespace tessera::campaigns
