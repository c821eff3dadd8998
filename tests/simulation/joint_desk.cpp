// The operator where several processes are at work on one database: he makes, begins, pauses and cancels campaigns by a
// program of his own, and the processes do their part, sleep, die and come back.
#include <algorithm>
#include <stdexcept>

#include "campaigns/create.h"
#include "campaigns/store.h"
#include "operator_desk.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"

namespace tessera::simulation {
namespace {

using campaigns::campaign_event;
using campaigns::campaign_state;

constexpr int steps_max = 40;
constexpr auto patience = std::chrono::minutes(90);  // until whatever is under way has come to its end
constexpr int stalls_at_once = 3;
constexpr double few_leases = 0.6;                         // how long most of them sleep
constexpr std::chrono::milliseconds longest_stall{8'000};  // nobody waits ten seconds for SQLite's lock
constexpr auto a_moment = std::chrono::milliseconds(100);
// Longer than single operations of a process that died keep their cards.
constexpr auto long_after = std::chrono::hours(2);

}  // namespace

campaigns::environment operator_desk::own_program::environment(const simulated_world& world) {
    campaigns::environment made;
    made.storage = storage.get();
    made.writer = &writer;
    made.vault = vault.get();
    made.clock = &world.clock;
    made.progress = &nobody;
    made.instance = "the operator";
    made.role = campaigns::role::all;
    return made;
}

operator_desk::~operator_desk() {
    if (!joint()) return;
    world_->calm();
    if (!world_->crashed()) world_->lose_power_at_the_end();  // nobody stands still for ever
    clear_away();
}

store::shared_writer& operator_desk::writer() { return joint() ? own_->writer : running().writer; }
store::connection& operator_desk::connection() { return joint() ? *own_->connection : server_->connection(); }

// --- processes

void operator_desk::open_own_program() {
    auto made = std::make_unique<own_program>();
    auto storage = store::open_sqlite(database_name);
    if (!storage) throw std::runtime_error(to_string(storage.error()));
    made->storage = std::move(*storage);
    auto connection = made->storage->connect(store::access::write);
    if (!connection) throw std::runtime_error(to_string(connection.error()));
    made->connection = std::move(*connection);
    made->writer.connection = made->connection.get();
    made->vault = open_vault(world_->random);
    own_ = std::move(made);
}

// The power has failed: what is left of everybody goes.
void operator_desk::clear_away() {
    gone_.clear();
    for (auto& one : places_) {
        one.here.reset();
        one.back_at = world_->machine.now();
    }
    own_.reset();
}

void operator_desk::find_all_well() {
    if (world_->crashed()) {
        world_->tell("what is left of all processes goes");
        clear_away();
        world_->reborn();
    }
    if (!own_) open_own_program();
    for (auto& one : places_) {
        if (!one.here || !world_->is_dead(one.here->process())) continue;
        gone_.push_back(std::move(one.here));
        if (!random_.chance(what_->joint.stay_away)) one.back_at = world_->machine.now() + some_time();
    }
    start_those_due();
}

void operator_desk::start_those_due() {
    for (auto& one : places_) {
        if (world_->crashed()) return;
        if (one.here || !one.back_at || *one.back_at > world_->machine.now()) continue;
        auto made = server::start(*world_, one.options);
        if (made) {
            one.here = std::move(*made);
            one.back_at.reset();
        } else if (made.error().code != store::code_retry) {  // or somebody sleeps at the log
            survived(made.error(), "starting a process");
        }
    }
}

server* operator_desk::anybody_who(bool speaks) {
    std::vector<server*> found;
    for (const auto& one : places_) {
        const bool fits = !speaks || one.options.role != campaigns::role::worker;
        if (fits && one.here && !world_->is_dead(one.here->process())) found.push_back(one.here.get());
    }
    return found.empty() ? nullptr : found[random_.below(found.size())];
}

// --- what happens to them

void operator_desk::strike(const planned_trouble& what, bool at_some_time) {
    if (!at_some_time) return world_->plan(what);
    world_->machine.after(some_time(), [this, what] { world_->meet(what, "at some time"); });
}

void operator_desk::disturb_jointly() {
    const auto& plan = what_->joint;
    planned_trouble one;
    const auto draw = [&](double when_let_go) {
        auto* whom = anybody_who(plan.hectic && random_.chance(0.7));
        if (whom == nullptr) return false;
        one.process = whom->process();
        one.commit = 1 + random_.below(random_.chance(0.7) ? 14 : 60);
        one.where.reset();
        if (!random_.chance(when_let_go)) one.where = static_cast<commit_moment>(random_.below(3));
        return true;
    };
    if (options_->only_crash) {
        if (crash_given_ || !draw(0)) return;
        crash_given_ = true;
        const auto& given = *options_->only_crash;
        one = {places_.front().here->process(), given.commit, given.where,
               given.what == power::lost ? trouble::power_failure : trouble::death};
        return world_->plan(one);
    }
    for (int n = 0; n < stalls_at_once && random_.chance(plan.stall_chance) && draw(0.7); ++n) {
        one.what = trouble::stall;
        const auto lease = static_cast<std::uint64_t>(plan.lease_time.count());
        const auto leases = random_.chance(few_leases) ? 3U : 30U;  // the work of a phase, or all that is left of it
        one.how_long = std::min(std::chrono::milliseconds(lease / 4 + random_.below(leases * lease)), longest_stall);
        strike(one, random_.chance(0.3));
    }
    if (random_.chance(plan.death_chance) && draw(0.25)) {
        one.what = random_.chance(plan.power_chance) ? trouble::power_failure : trouble::death;
        strike(one, random_.chance(0.3));
    }
    if (random_.chance(what_->link_trouble)) {
        const auto down = std::chrono::milliseconds(random_.below(300));
        world_->machine.after(some_time(), [this, down] { world_->outside().be_unreachable(down); });
    }
    // One whose process died keeps its card for an hour, so there are few.
    if (random_.chance(0.3)) ask_for_operations(some_time());
}

// --- campaigns

void operator_desk::let_them_begin(made_campaign& which, bool at_once) {
    if (world_->crashed()) return;
    const auto found = own_->writer.transact(
        [&](store::connection& writer) { return campaigns::campaign_store(writer).get(which.key); });
    if (!found) return void(survived(found.error(), "looking at a campaign"));
    const bool stands = found->state == campaign_state::created || found->state == campaign_state::paused;
    if (!stands || (!at_once && random_.chance(0.3))) return;
    world_->tell(which.plan->name + " begins, or goes on");
    const auto begun = campaigns::begin_for_all(own_->environment(*world_), which.key, campaigns::definition_of);
    if (!begun) survived(begun.error(), "beginning a campaign");
}

void operator_desk::step_jointly() {
    const bool more = created_ < what_->campaigns.size();
    if (more && (open_ones().empty() || random_.chance(0.35))) create(what_->campaigns[created_]);
    for (auto* one : open_ones()) let_them_begin(*one, false);
    disturb_jointly();
    const auto lease = static_cast<std::uint64_t>(what_->joint.lease_time.count());
    // Or until others have taken over what those who sleep held.
    const bool long_enough = what_->joint.hectic && random_.chance(0.6);
    world_->machine.sleep(long_enough ? std::chrono::milliseconds(random_.below(3 * lease)) : some_time());
    for (auto* one : open_ones()) {
        if (random_.chance(what_->cancel_chance * 0.2)) change(*one, campaign_event::cancel);
        const double pauses = what_->joint.hectic ? 0.5 : what_->pause_chance * 0.3;
        if (!one->over && random_.chance(pauses)) change(*one, campaign_event::pause);
        if (!one->over) look_at(*one);
    }
    if (world_->crashed() || !random_.chance(0.06)) return;
    auto& one = places_[random_.below(places_.size())];
    if (!one.here || world_->is_dead(one.here->process())) return;
    world_->tell("process " + std::to_string(one.here->process()) + " stops in good order");
    world_->spare(one.here->process());
    one.here.reset();
    one.back_at = world_->machine.now() + some_time();
}

void operator_desk::work_jointly() {
    for (const auto role : what_->joint.roles) {
        auto& made = places_.emplace_back(what_->server);
        made.options.role = role;
        made.options.lease_time = what_->joint.lease_time;
    }
    open_own_program();
    fill_registry();
    for (auto& one : places_) one.back_at = world_->machine.now();
    for (int steps = 0; steps < steps_max && !all_over(); ++steps) {
        find_all_well();
        if (!world_->crashed()) step_jointly();
    }
    if (finish_jointly()) settle_down_jointly();
}

// False: some campaign does not come to its end, and that is what there is to tell.
bool operator_desk::finish_jointly() {
    world_->calm();
    for (auto& one : places_)
        if (!one.here) one.back_at = world_->machine.now();
    find_all_well();
    while (created_ < what_->campaigns.size()) create(what_->campaigns[created_]);
    const auto until = world_->machine.now() + patience;
    while (!all_over() && world_->machine.now() < until) {
        for (auto& one : places_)
            if (!one.here) one.back_at = world_->machine.now();
        find_all_well();
        for (auto* one : open_ones()) let_them_begin(*one, true);
        world_->machine.sleep(5 * a_moment);
        for (auto* one : open_ones()) look_at(*one);
    }
    for (auto* one : open_ones()) world_->outside().accuse(one->plan->name + " does not come to its end");
    return all_over();
}

bool operator_desk::anything_left() {
    const auto left = own_->writer.transact([](store::connection& writer) -> result<bool> {
        campaigns::campaign_store store(writer);
        TESSERA_TRY_VALUE(const auto late, store.late_cards(1));
        TESSERA_TRY_VALUE(const auto cancelled, store.cancelled_within_a_phase());
        return !late.empty() || !cancelled.empty();
    });
    return !left || *left;
}

// A process alone with what the others left; then the power fails, and another one comes.
void operator_desk::settle_down_jointly() {
    world_->outside().be_kind();
    for (auto& one : places_) {
        if (one.here && world_->is_dead(one.here->process())) gone_.push_back(std::move(one.here));
        one.here.reset();
    }
    world_->machine.sleep(long_after);
    run_last_one(true);
    if (!world_->outside().quiet()) world_->outside().accuse("answers lie at the SMSC for ever");
    world_->lose_power_at_the_end();
    clear_away();
    world_->reborn();
    open_own_program();
    run_last_one(false);
}

void operator_desk::run_last_one(bool until_quiet) {
    auto options = places_.front().options;
    options.role = campaigns::role::all;
    options.persistent = true;
    auto last = server::start(*world_, options);
    if (!last) throw std::runtime_error("the last process does not start: " + to_string(last.error()));
    if (until_quiet) ask(**last);  // whoever has nobody to store what comes refuses it, so that the SMSC keeps it
    const auto until = world_->machine.now() + patience;
    for (int waited = 0; world_->machine.now() < until; ++waited) {
        world_->machine.sleep(a_moment);
        if (until_quiet && (waited <= 20 || !world_->outside().quiet() || !(*last)->idle())) continue;
        if (!anything_left()) break;
    }
    places_.front().here = std::move(*last);
    if (world_->crashed()) return;
    if (!until_quiet) places_.front().here.reset();
}

}  // namespace tessera::simulation
