#include "tessera/joint_work.h"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "campaigns/create.h"
#include "campaigns/duty.h"
#include "campaigns/safety_store.h"
#include "campaigns/settle.h"
#include "campaigns/wind_up.h"
#include "tessera/campaign_runner.h"

namespace tessera::app {
namespace {

using campaigns::campaign_key;
using campaigns::campaign_state;

constexpr auto look_again = std::chrono::milliseconds(200);  // for chunks, and at what others did to a campaign
constexpr auto try_again = std::chrono::seconds(1);          // after a database or a network that was not there
constexpr auto put_off = std::chrono::seconds(30);           // a campaign that cannot go on
// Whoever takes part in a campaign that was cancelled has heard of it by then.
constexpr auto heard_by_all = 2 * limits::stop_wait;

bool will_pass(const error& why) {
    return why.code == store::code_database || why.code == store::code_retry || why.code == "lease_lost";
}

// A wait that can be cut short.
class pause_between {
public:
    void wait(std::chrono::milliseconds how_long) {
        std::unique_lock held(mutex_);
        wake_.wait_for(held, how_long, [this] { return over_; });
    }
    void end() {
        {
            const std::lock_guard held(mutex_);
            over_ = true;
        }
        wake_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    bool over_ = false;
};

// Sets `stop` when the campaign runs no more, or everything was stopped, whoever did that.
class state_watch {
public:
    state_watch(store::database& storage, campaign_key key, std::atomic<bool>& stop)
        : storage_(&storage), key_(key), stop_(&stop), thread_([this] { work(); }) {}
    ~state_watch() {
        ending_ = true;
        between_.end();
        thread_.join();
    }
    state_watch(const state_watch&) = delete;
    state_watch& operator=(const state_watch&) = delete;

private:
    void work() {
        std::unique_ptr<store::connection> reader;
        while (!ending_) {
            if (!reader) {
                auto made = storage_->connect(store::access::read);
                if (made) reader = std::move(*made);
            }
            if (const auto on = reader ? goes_on(*reader) : result<bool>(true); on && !*on) stop_->store(true);
            between_.wait(look_again);
        }
    }
    [[nodiscard]] result<bool> goes_on(store::connection& reader) const {
        const store::snapshot view(reader);
        TESSERA_TRY(view.begun());
        TESSERA_TRY_VALUE(const auto subject, campaigns::campaign_store(reader).get(key_));
        TESSERA_TRY_VALUE(const auto stopped, campaigns::safety_store(reader).standing());
        return subject.state == campaign_state::running && !stopped;
    }

    store::database* storage_;
    campaign_key key_;
    std::atomic<bool>* stop_;
    std::atomic<bool> ending_ = false;
    pause_between between_;
    std::thread thread_;
};

result<campaigns::campaign> campaign_now(store::shared_writer& writer, campaign_key key) {
    return writer.transact([&](store::connection& database) { return campaigns::campaign_store(database).get(key); });
}

campaigns::run_end end_of(campaign_state state) {
    if (state == campaign_state::finished) return campaigns::run_end::finished;
    const bool held = state == campaign_state::waiting || state == campaign_state::stopped;
    return held ? campaigns::run_end::held : campaigns::run_end::interrupted;
}

}  // namespace

result<campaigns::run_end> run_together(const campaigns::environment& env, campaign_key key, std::atomic<bool>& stop) {
    TESSERA_TRY_VALUE(const auto before, campaign_now(*env.writer, key));
    if (before.state == campaign_state::finished) return campaigns::run_end::finished;
    TESSERA_TRY(campaigns::begin_for_all(env, key, campaigns::definition_of));
    const state_watch watch(*env.storage, key, stop);
    pause_between between;
    while (!stop) {
        const auto done = campaigns::take_part(env, key, campaigns::definition_of);
        if (done && *done == campaigns::share::over) break;
        if (!done && !will_pass(done.error())) return std::unexpected(done.error());
        if (!done) log_warning("goes on as soon as it can: " + to_string(done.error()));
        if (!done || *done == campaigns::share::nothing)
            between.wait(done ? std::chrono::milliseconds(look_again) : std::chrono::milliseconds(try_again));
    }
    TESSERA_TRY_VALUE(const auto after, campaign_now(*env.writer, key));
    return end_of(after.state);
}

constexpr std::string_view settling = "settle what is left";
constexpr int settling_leases = 10;  // it is not renewed while it goes on

class joint_work::machine {
public:
    machine(data_directory& data, store::shared_writer& writer, telecom::radio& radio, campaigns::role role)
        : data_(&data), writer_(&writer), radio_(&radio), role_(role), thread_([this] { work(); }) {}
    ~machine() {
        ending_ = true;
        stop_ = true;
        between_.end();
        thread_.join();
    }
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

private:
    [[nodiscard]] bool prepares() const { return role_ != campaigns::role::gateway; }

    void work() {
        while (!ending_) {
            const auto went = round();
            if (!went) log_warning("goes on as soon as it can: " + to_string(went.error()));
            if (went && *went) continue;
            between_.wait(went ? std::chrono::milliseconds(look_again) : std::chrono::milliseconds(try_again));
        }
    }

    // True: there may be more to do at once.
    result<bool> round() {
        if (prepares()) TESSERA_TRY(settle_what_is_left());
        TESSERA_TRY_VALUE(const auto running, writer_->transact([](store::connection& writer) {
            return campaigns::campaign_store(writer).in_state(campaign_state::running);
        }));
        bool any = false;
        for (const auto key : running) {
            if (ending_) return false;
            const auto later = put_off_.find(key.value);
            if (later != put_off_.end() && system_clock().monotonic() < later->second) continue;
            TESSERA_TRY_VALUE(const bool some, part_in(key));
            any = any || some;
        }
        return any;
    }

    result<bool> part_in(campaign_key key) {
        TESSERA_TRY_VALUE(const auto subject, campaign_now(*writer_, key));
        auto done = take_part_in(subject);
        if (done) return *done == campaigns::share::something;
        if (will_pass(done.error())) return std::unexpected(std::move(done).error());
        log_error("campaign " + subject.id + " does not go on here: " + to_string(done.error()));
        put_off_[key.value] = system_clock().monotonic() + put_off;
        return false;
    }

    result<campaigns::share> take_part_in(const campaigns::campaign& subject) {
        TESSERA_TRY_VALUE(const auto what, campaigns::definition_of(subject));
        if (role_ != campaigns::role::worker) TESSERA_TRY(data_->settings.used_by(what.way.smscs));
        stop_ = false;
        if (ending_) return campaigns::share::nothing;
        const state_watch watch(*data_->storage, subject.key, stop_);
        return campaigns::take_part(environment_for(what), subject.key, campaigns::definition_of);
    }

    campaigns::environment environment_for(const campaigns::definition& what) {
        auto env = campaign_environment(*data_, *writer_, *radio_, what, nobody_, stop_);
        env.role = role_;
        return env;
    }

    // What cancelled campaigns had sent, and answers that came late: by one for all, or they would be in one another's
    // way.
    result<void> settle_what_is_left() {
        const auto now = system_clock().now();
        TESSERA_TRY_VALUE(const bool mine, writer_->transact([&](store::connection& writer) -> result<bool> {
            TESSERA_TRY_VALUE(const bool any, anything_left(writer, now));
            if (!any) return false;
            return campaigns::take_duty(writer, settling, data_->instance, now,
                                        now + settling_leases * data_->settings.database.lease);
        }));
        if (!mine) return {};
        const campaigns::definition none;
        stop_ = false;
        auto done = settle_all(environment_for(none));
        TESSERA_TRY(writer_->transact(
            [&](store::connection& writer) { return campaigns::leave_duty(writer, settling, data_->instance); }));
        return done;
    }
    static result<bool> anything_left(store::connection& writer, timestamp now) {
        campaigns::campaign_store store(writer);
        TESSERA_TRY_VALUE(const auto late, store.late_cards(1));
        TESSERA_TRY_VALUE(const auto cancelled, store.cancelled_within_a_phase());
        return !late.empty() || std::ranges::any_of(cancelled, [&](const auto& one) { return !is_fresh(one, now); });
    }
    // Not all who take part in it have heard of it yet.
    static bool is_fresh(const campaigns::campaign& cancelled, timestamp now) {
        return cancelled.finished_at && *cancelled.finished_at + heard_by_all > now;
    }
    result<void> settle_all(const campaigns::environment& env) {
        TESSERA_TRY_VALUE(const auto cancelled, writer_->transact([](store::connection& writer) {
            return campaigns::campaign_store(writer).cancelled_within_a_phase();
        }));
        const auto now = system_clock().now();
        const bool fresh = std::ranges::any_of(cancelled, [&](const auto& one) { return is_fresh(one, now); });
        if (!fresh) TESSERA_TRY(campaigns::wind_up_cancelled(env, campaigns::definition_of));
        return campaigns::settle_late_answers(env, campaigns::definition_of);
    }

    data_directory* data_;
    store::shared_writer* writer_;
    telecom::radio* radio_;
    campaigns::role role_;
    campaigns::silent_progress nobody_;
    std::atomic<bool> stop_ = false;
    std::atomic<bool> ending_ = false;
    std::map<std::int64_t, instant> put_off_;
    pause_between between_;
    std::thread thread_;
};

joint_work::joint_work(data_directory& data, store::shared_writer& writer, telecom::radio& radio, campaigns::role role)
    : machine_(std::make_unique<machine>(data, writer, radio, role)) {}
joint_work::~joint_work() = default;

}  // namespace tessera::app
