#include "oracle.h"

#include <algorithm>

#include "base/hex.h"
#include "campaigns/report.h"
#include "cards/key_rotation.h"
#include "cards/store.h"
#include "sim/uicc_file_system.h"

namespace tessera::simulation {
namespace {

using operations::outcome;

class examiner {
public:
    examiner(simulated_world& world, const scenario& what, operator_desk& desk, run_report& report)
        : world_(&world), what_(&what), desk_(&desk), report_(&report), database_(&desk.connection()) {}

    void examine() {
        whole();
        for (const auto& one : desk_->campaigns()) campaign(one);
        for (const auto& one : desk_->operations()) operation(*one);
        for (const auto& one : what_->cards) card(one);
    }

private:
    radio_world& outside() { return world_->outside(); }
    void accuse(const std::string& what) { outside().accuse(what); }
    std::string answer(const std::string& sql) {
        auto query = database_->prepare(sql).value();
        return query->step().value() ? std::string(query->text(0)) : std::string();
    }

    void whole() {
        if (const auto found = answer("PRAGMA integrity_check"); found != "ok")
            accuse("the database is damaged: " + found);
        if (const auto found = answer("SELECT CAST(COUNT(*) AS TEXT) FROM pragma_foreign_key_check"); found != "0")
            accuse("rows without what they refer to: " + found);
        if (const auto found = answer("SELECT CAST(COUNT(*) AS TEXT) FROM late_answer"); found != "0")
            accuse("late answers that nobody settles: " + found);
    }

    void campaign(const made_campaign& one) {
        const auto stored = campaigns::campaign_store(*database_).get(one.key).value();
        const auto summary = campaigns::summarize(*database_, stored, world_->clock.now()).value();
        const bool finished = stored.state == campaigns::campaign_state::finished;
        campaigns::outcome_counts counted;
        std::map<std::string, int> seen;
        const auto done = campaigns::for_each_target(*database_, one.key, [&](const campaigns::report_row& row) {
            if (++seen[row.iccid] > 1) accuse(one.plan->name + ": " + row.iccid + " is its target twice");
            if (row.outcome) counted.count(*row.outcome);
            if (!row.outcome && finished) accuse(one.plan->name + ": " + row.iccid + " has no outcome");
            target(one, row);
        });
        if (!done) return accuse(to_string(done.error()));
        report_->outcomes += static_cast<std::uint64_t>(counted.total());
        if (static_cast<std::int64_t>(seen.size()) != stored.targets) accuse(one.plan->name + ": targets are missing");
        const auto& told = summary.outcomes;
        if (told.done != counted.done || told.failed != counted.failed || told.unknown != counted.unknown ||
            told.skipped != counted.skipped)
            accuse(one.plan->name + ": its counts are not those of its cards");
    }

    // One card's part in one campaign.
    void target(const made_campaign& one, const campaigns::report_row& row) {
        const auto who = one.plan->name + ", card " + row.iccid + ": ";
        if (world_->watch)
            world_->tell(who +
                         (row.outcome ? std::string(to_string(*row.outcome)) + ", " + describe(row.why) : "nothing"));
        if (one.plan->kind == campaign_kind::rotation) return rotated(who, row);
        if (one.plan->kind == campaign_kind::audit) return;  // what it found is in the images, which are looked at
        std::size_t ran = 0;
        bool answered = true;
        for (const auto& write : one.plan->writes) {
            const int times = outside().executions(row.iccid, write.marker);
            if (times > 1) accuse(who + "its effect happened " + std::to_string(times) + " times");
            if (times > 0) ++ran;
            const auto packets = outside().packets_with(row.iccid, write.marker);
            answered = answered && std::ranges::any_of(packets, &witnessed_packet::answered_well);
        }
        if (!row.outcome) {
            if (!outside_has_nothing(one, row)) accuse(who + "was sent something, and has no outcome");
            return;
        }
        const bool all = ran == one.plan->writes.size();
        if (*row.outcome == outcome::unknown && in_good_order() && outside_has_nothing(one, row) &&
            !outside().was_begun_with(row.iccid))
            accuse(who + "is unknown (" + describe(row.why) + "), and nothing was sent to it");
        if (*row.outcome == outcome::done && !all) accuse(who + "is done, and did not execute everything");
        if (*row.outcome == outcome::skipped) accuse(who + "was skipped, and nobody else writes this content");
        if (*row.outcome == outcome::unknown && answered) accuse(who + "is unknown, and has told us that it is done");
        if (*row.outcome == outcome::failed && all && !lied_about(row.iccid) && !excused(row.why))
            accuse(who + "failed (" + describe(row.why) + "), and executed everything");
    }
    void rotated(const std::string& who, const campaigns::report_row& row) {
        if (!row.outcome) return;
        const auto here = outside().cards().list().by_iccid(row.iccid);
        const bool has_them = here != sim::no_card && outside().cards().list().key_set(here, rotated_version, 0);
        if (*row.outcome == outcome::done && !has_them) accuse(who + "is done, and does not have the new keys");
        if (*row.outcome == outcome::failed && has_them && !lied_about(row.iccid) && !excused(row.why))
            accuse(who + "failed (" + describe(row.why) + "), and has the new keys");
        if (*row.outcome == outcome::skipped) accuse(who + "was skipped, and nobody else brings new keys");
    }
    bool outside_has_nothing(const made_campaign& one, const campaigns::report_row& row) {
        return std::ranges::all_of(one.plan->writes, [&](const planned_write& write) {
            return outside().packets_with(row.iccid, write.marker).empty();
        });
    }
    // Nobody died or slept, no link broke, and the ledger has all that was sent, as it has not where the SMSC refuses:
    // whoever stopped has told what it had not sent.
    [[nodiscard]] bool in_good_order() const {
        return world_->crashes() <= 1 && what_->joint.stall_chance == 0 && what_->link_trouble == 0 &&
               what_->outside.lose_submit_resp == 0 && what_->outside.lose_delivery == 0 &&
               what_->outside.refuse_submit == 0;
    }
    // What README.md excuses.
    static bool excused(const operations::cause& why) {
        using codec::response_status;
        const auto status = static_cast<response_status>(why.value);
        return why.kind == operations::cause_kind::read_back_differs ||
               (why.kind == operations::cause_kind::por_status && status == response_status::counter_high);
    }
    // A complaint may come from anybody, also from the card's own SIM where that is out of order.
    [[nodiscard]] bool lied_about(const std::string& iccid) {
        return outside().was_spoken_for(iccid) ||
               what_->outside.faults.probability[static_cast<std::size_t>(sim::fault::unsecured_error)] > 0;
    }

    void operation(const asked_operation& one) {
        if (one.kind != operations::operation_kind::write) return;
        const int times = outside().executions(one.iccid, one.write.marker);
        const auto who = "operation " + one.answer.id + " on " + one.iccid + ": ";
        if (times > 1) accuse(who + "its effect happened " + std::to_string(times) + " times");
        if (one.ended && !one.answer.refused && one.answer.what == outcome::done && times == 0)
            accuse(who + "is done, and the card did not execute it");
    }

    void card(const planned_card& one) {
        cards::card_store registry(*database_);
        const auto known = registry.find_by_iccid(one.iccid).value().value();
        const auto highest = outside().highest_counter(one.iccid);
        std::uint64_t given = 0;
        const auto counters = registry.counters(known.id).value();
        for (const auto& each : counters) given = std::max(given, each.counter);
        if (given < highest)
            accuse("card " + one.iccid + ": counter " + std::to_string(highest) + " was sent, and the registry is at " +
                   std::to_string(given));
        const auto here = outside().cards().list().by_iccid(one.iccid);
        if (here == sim::no_card) return;
        keys(one, known.id, here);
        const auto images = registry.image(known.id).value();
        for (const auto& entry : images) image(one, known.id, here, entry);
    }

    // Whatever a rotation came to, nobody is locked out: keys that the card has been given are known, and those by
    // which it is spoken to are its own.
    void keys(const planned_card& one, cards::card_id id, sim::card_index here) {
        auto& list = outside().cards().list();
        const auto* held = list.key_set(here, rotated_version, 0);
        cards::key_rotation_store rotations(*database_);
        const bool proved = rotations.state_of(id, rotated_version).value() == cards::rotation_state::proved;
        if (proved && held == nullptr) accuse("card " + one.iccid + ": its new keys are proved, and it has none");
        if (held == nullptr) return;
        const auto stored = cards::card_store(*database_).key_sets(id).value();
        const auto* known = cards::key_set_for(stored, rotated_version, 0);
        if (known == nullptr) return accuse("card " + one.iccid + " has new keys, and nobody knows them");
        const auto ours = open_vault(world_->random)->unwrap(id, known->header, known->wrapped).value();
        if (!std::ranges::equal(ours.kic.reveal(), list.kic(*held)) ||
            !std::ranges::equal(ours.kid.reveal(), list.kid(*held)))
            accuse("card " + one.iccid + " has other new keys than the registry says");
        if (world_->watch)
            world_->tell("card " + one.iccid + " has new keys, which are " + (proved ? "proved" : "pending"));
    }

    // What is not doubted is so.
    void image(const planned_card& one, cards::card_id id, sim::card_index here, const cards::image_entry& entry) {
        const auto doubts =
            answer("SELECT CAST(COUNT(*) AS TEXT) FROM image_doubt WHERE card_id = " + std::to_string(id.value) +
                   " AND file = '" + entry.file + "'");
        if (doubts != "0") return;
        const auto held = outside().cards().read(here, sim::find_path(entry.file).value()).content;
        if (held.size() < entry.content.size() || !std::ranges::equal(held.first(entry.content.size()), entry.content))
            accuse("card " + one.iccid + ": its image of " + entry.file + " says " + to_hex(entry.content) +
                   " (key version " + std::to_string(entry.proof.key_version) + ", counter " +
                   std::to_string(entry.proof.counter) + ") and it holds " + to_hex(held));
    }

    simulated_world* world_;
    const scenario* what_;
    operator_desk* desk_;
    run_report* report_;
    store::connection* database_;
};

}  // namespace

void examine(simulated_world& world, const scenario& what, operator_desk& desk, run_report& report) {
    examiner(world, what, desk, report).examine();
}

}  // namespace tessera::simulation
