#include "campaigns/wind_up.h"

#include <optional>

#include "base/log.h"
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

// What was sent to whoever ends unknown is not proved: the files may hold the new content, the old, or some of both.
result<void> doubt_images(store::connection& writer, const definition& what, campaign_key key) {
    TESSERA_TRY_VALUE(auto* query, writer.kept("SELECT o.card_id FROM outcome o WHERE o.campaign_key = $1 AND "
                                               "o.outcome = $2 AND o.revision = 0"));
    query->with(key.value, operations::outcome::unknown);
    cards::card_store cards(writer);
    std::optional<definition> for_them;
    if (what.terminals) for_them = for_terminals(what);
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, query->step());
        if (!more) return {};
        const cards::card_id card{query->integer(0)};
        bool terminal = false;
        if (for_them) {
            TESSERA_TRY_VALUE(const auto port, cards.terminal_port(card));
            terminal = port.has_value();
        }
        for (const auto& write : terminal ? for_them->writes : what.writes)
            TESSERA_TRY(cards.doubt_image(card, write.file, write.record));
    }
}

result<void> wind_up(const environment& env, const campaign& subject, const definition& what) {
    TESSERA_TRY_VALUE(
        auto run, env.writer->transact([&](store::connection& writer) { return close_chunks(writer, env, subject); }));
    run.what = &what;
    TESSERA_TRY(settle(run));
    return env.writer->transact([&](store::connection& writer) -> result<void> {
        campaign_store campaigns(writer);
        // Who was to stop, or slept while another one went on with it, leaves the rest to whoever comes next.
        TESSERA_TRY_VALUE(const auto left, campaigns.chunks_in(subject.key, subject.round, chunk_state::closed));
        if (left > 0) return {};
        // Cards that were to come in another round have been sent something, too.
        TESSERA_TRY(campaigns.give_up_later_rounds(subject.key, subject.round, env.clock->now()));
        TESSERA_TRY(doubt_images(writer, what, subject.key));
        return campaigns.set_state(subject.key, subject.state, subject.round, phase::none, subject.finished_at);
    });
}

}  // namespace

result<void> wind_up_cancelled(const environment& env, const definition_source& definition_of) {
    TESSERA_TRY_VALUE(const auto left, env.writer->transact([](store::connection& writer) {
        return campaign_store(writer).cancelled_within_a_phase();
    }));
    for (const auto& one : left) {
        // One that cannot be read any more must not keep others from what they do.
        const auto what = definition_of(one);
        if (!what)
            log_warning("what campaign " + one.id + " had sent is left unsettled: " + to_string(what.error()));
        else
            TESSERA_TRY(wind_up(env, one, *what));
    }
    return {};
}

}  // namespace tessera::campaigns
