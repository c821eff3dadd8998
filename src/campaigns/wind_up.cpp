#include "campaigns/wind_up.h"

#include <optional>

#include "base/log.h"
#include "campaigns/duty.h"
#include "campaigns/settle.h"
#include "campaigns/store.h"
#include "campaigns/target_sides.h"
#include "campaigns/wave_store.h"
#include "cards/store.h"

namespace tessera::campaigns {
namespace {

// Nothing more is awaited of what was released.
result<campaign_run> close_chunks(store::connection& writer, const environment& env, const campaign& subject) {
    campaign_store campaigns(writer);
    TESSERA_TRY(campaigns.break_leases(subject.key));
    TESSERA_TRY(campaigns.close_released(subject.key, subject.round));
    TESSERA_TRY_VALUE(const auto legs, wave_store(writer).legs(subject.key));
    campaign_run run{&env, subject, nullptr};
    run.first_round = first_round_of(legs, subject.round);
    run.winding_up = true;
    return run;
}

// Nobody waits long for the writer, and a duty can be renewed, while many are seen to.
constexpr std::int64_t cards_per_commit = 1'000;

result<std::vector<cards::card_id>> unknown_after(store::connection& writer, campaign_key key, cards::card_id last) {
    TESSERA_TRY_VALUE(auto* query, writer.kept("SELECT o.card_id FROM outcome o WHERE o.campaign_key = $1 AND "
                                               "o.card_id > $2 AND o.outcome = $3 AND o.revision = 0 "
                                               "ORDER BY o.card_id LIMIT $4"));
    query->with(key.value, last.value, operations::outcome::unknown, cards_per_commit);
    std::vector<cards::card_id> found;
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return found;
        found.push_back(cards::card_id{query->integer(0)});
    }
}

// What was sent to whoever ends unknown is not proved: the files may hold the new content, the old, or some of both.
// Those after `last`; the last of them, or nothing when that were all.
result<std::optional<cards::card_id>> doubt_some_images(store::connection& writer, const definition& what,
                                                        campaign_key key, cards::card_id last) {
    TESSERA_TRY_VALUE(const auto unknown, unknown_after(writer, key, last));
    cards::card_store cards(writer);
    std::optional<definition> for_them;
    if (what.terminals) for_them = for_terminals(what);
    for (const auto card : unknown) {
        bool terminal = false;
        if (for_them) {
            TESSERA_TRY_VALUE(const auto port, cards.terminal_port(card));
            terminal = port.has_value();
        }
        for (const auto& write : terminal ? for_them->writes : what.writes)
            TESSERA_TRY(cards.doubt_image(card, write.file, write.record));
    }
    if (std::ssize(unknown) < cards_per_commit) return std::nullopt;
    return unknown.back();
}

// Cards that were to come in another round have been sent something, too. Each commit is sound by itself, and whoever
// comes after one that died does nothing twice.
result<void> give_up_what_is_open(const environment& env, const campaign& subject, const definition& what) {
    for (bool more = true; more && !env.stopping();) {
        TESSERA_TRY_VALUE(more, env.writer->transact([&](store::connection& writer) {
            return campaign_store(writer).give_up_later_rounds(subject.key, subject.round, env.clock->now(),
                                                               cards_per_commit);
        }));
    }
    std::optional<cards::card_id> last = cards::card_id{0};
    while (last && !env.stopping()) {
        TESSERA_TRY_VALUE(last, env.writer->transact([&](store::connection& writer) {
            return doubt_some_images(writer, what, subject.key, *last);
        }));
    }
    return {};
}

result<void> wind_up(const environment& env, const campaign& subject, const definition& what) {
    TESSERA_TRY_VALUE(
        auto run, env.writer->transact([&](store::connection& writer) { return close_chunks(writer, env, subject); }));
    run.what = &what;
    TESSERA_TRY(settle(run));
    // Who was to stop, or slept while another one went on with it, leaves the rest to whoever comes next.
    TESSERA_TRY_VALUE(const auto left, env.writer->transact([&](store::connection& writer) {
        return campaign_store(writer).chunks_in(subject.key, subject.round, chunk_state::closed);
    }));
    if (left > 0) return {};
    TESSERA_TRY(give_up_what_is_open(env, subject, what));
    if (env.stopping()) return {};
    return env.writer->transact([&](store::connection& writer) -> result<void> {
        // Nor does the next campaign wait for the lease of a gateway that died in this one's P2.
        TESSERA_TRY(leave_duty(writer, duty_exchange, subject.id));
        return campaign_store(writer).set_state(subject.key, subject.state, subject.round, phase::none,
                                                subject.finished_at);
    });
}

}  // namespace

result<void> wind_up_cancelled(const environment& env, const definition_source& definition_of) {
    TESSERA_TRY_VALUE(const auto left, env.writer->transact([](store::connection& writer) {
        return campaign_store(writer).cancelled_within_a_phase();
    }));
    // One that cannot be read any more, say, must not keep others from what they do. What may pass is told first.
    std::optional<error> failed;
    for (const auto& one : left) {
        if (env.stopping()) break;
        const auto what = definition_of(one);
        auto done = what ? wind_up(env, one, *what) : std::unexpected(what.error());
        if (done) continue;
        log_warning("what campaign " + one.id + " had sent is left unsettled: " + to_string(done.error()));
        if (!failed || (!may_pass(*failed) && may_pass(done.error()))) failed = std::move(done).error();
    }
    if (failed) return std::unexpected(std::move(*failed));
    return {};
}

}  // namespace tessera::campaigns
