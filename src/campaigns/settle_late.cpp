#include "campaigns/settle_late.h"

#include <algorithm>
#include <map>
#include <memory>

#include "base/limits.h"
#include "base/log.h"
#include "campaigns/arrival_clock.h"
#include "campaigns/card_case.h"
#include "campaigns/personal_writes.h"
#include "campaigns/settle_audit.h"
#include "campaigns/target_sides.h"
#include "cards/key_rotation.h"
#include "operations/image_update.h"
#include "operations/late_answer.h"

namespace tessera::campaigns {
namespace {

// In place of limits::late_commit_time, where the thread that single operations live on settles them, too.
constexpr auto beside_operations = std::chrono::milliseconds(10);

class late_settler {
public:
    late_settler(const environment& env, const definition_source& definition_of)
        : env_(&env), definition_of_(definition_of), vault_(env.vault->another()), operations_(*env.vault) {}

    // True when there may be more. As many in one commit as its time allows: what their chunks hold is read once for
    // all of them, and a chunk holds much.
    result<bool> some() {
        return env_->writer->transact([&](store::connection& writer) -> result<bool> {
            campaign_store campaigns(writer);
            TESSERA_TRY_VALUE(const auto waiting, campaigns.late_cards(limits::late_cards_per_commit));
            chunk_blocks blocks(writer);
            std::map<std::int64_t, campaign_at_hand> at_hand;
            blocks_ = &blocks;
            at_hand_ = &at_hand;
            const auto until =
                env_->clock->monotonic() + (env_->shared() ? limits::late_commit_time : beside_operations);
            for (const auto card : waiting) {
                TESSERA_TRY(settle_operations(writer, card));
                TESSERA_TRY_VALUE(const auto open, campaigns.unproved_for(card));
                for (const auto key : open) TESSERA_TRY(tell(settle_one(writer, key, card)));
                TESSERA_TRY_VALUE(const auto exchanging, campaigns.exchanging(card));
                for (const auto key : exchanging) TESSERA_TRY(tell(give_back(writer, key, card)));
                TESSERA_TRY(campaigns.clear_late(card));
                if (env_->clock->monotonic() > until) return true;
            }
            return std::ssize(waiting) == limits::late_cards_per_commit;
        });
    }

private:
    // A campaign of which several late answers are settled in one transaction.
    struct campaign_at_hand {
        explicit campaign_at_hand(definition read) : what(std::move(read)), plan(what) {
            if (what.terminals) terminals = std::make_unique<campaign_at_hand>(for_terminals(what));
        }
        campaign_at_hand(const campaign_at_hand&) = delete;  // the plan refers to the definition
        campaign_at_hand& operator=(const campaign_at_hand&) = delete;
        definition what;
        packet_plan plan;
        std::unique_ptr<campaign_at_hand> terminals;  // their side of it
    };
    // As the card sees it.
    result<const campaign_at_hand*> take_at_hand(store::connection& writer, campaign_key key, cards::card_id card) {
        auto found = at_hand_->find(key.value);
        if (found == at_hand_->end()) {
            TESSERA_TRY_VALUE(const auto stored, campaign_store(writer).get(key));
            TESSERA_TRY_VALUE(auto what, definition_of_(stored));
            found = at_hand_->try_emplace(key.value, std::move(what)).first;
        }
        const auto& made = found->second;
        if (!made.terminals) return &made;
        TESSERA_TRY_VALUE(const auto port, cards::card_store(writer).terminal_port(card));
        return port ? made.terminals.get() : &made;
    }

    // Only what the card itself has proved changes an outcome; an unsecured complaint could be about any packet.
    static bool proves(const operations::verdict& found) {
        if (found.what == operations::decision::done) return true;
        return found.what == operations::decision::failed &&
               (found.why.kind == operations::cause_kind::status_word ||
                (found.why.kind == operations::cause_kind::por_status && found.why.detail == 0));
    }

    // What a single operation waited for in vain may have come in a campaign's exchange that awaited something of the
    // same card, and stands with that.
    result<void> settle_operations(store::connection& writer, cards::card_id card) {
        TESSERA_TRY_VALUE(const auto open, operations::operation_store(writer).unknown(card));
        if (open.empty()) return {};
        campaign_store campaigns(writer);
        std::vector<bytes> elsewhere;
        TESSERA_TRY_VALUE(const auto parts, campaigns.participations(card));
        for (const auto& part : parts) {
            TESSERA_TRY_VALUE(const auto entries, blocks_->answers(part.where, card));
            for (const auto& entry : entries)
                if (entry.kind == operations::answer_kind::message) elsewhere.push_back(to_bytes(entry.octets));
        }
        return operations_.settle(writer, card, elsewhere, env_->clock->now());
    }

    // One campaign that cannot be read any more must not keep others from ending.
    static result<void> tell(result<void> settled) {
        if (settled || store::is_about_database(settled.error())) return settled;
        log_warning("a late answer is left as it is: " + to_string(settled.error()));
        return {};
    }

    // A campaign that stands still in P2 and has no outcome yet finds its answer with its own when it goes on, and
    // sends nothing again, although the answer came in another's exchange.
    result<void> give_back(store::connection& writer, campaign_key key, cards::card_id card) {
        TESSERA_TRY_VALUE(const auto* at_hand, take_at_hand(writer, key, card));
        const auto& security = at_hand->what.security;
        TESSERA_TRY_VALUE(const auto latest,
                          answers_of_latest_round(writer, *blocks_, vault_, at_hand->what, key, card));
        bytes block;
        for (const auto& answer : latest.answers) {
            if (answer.current || answer.kind != operations::answer_kind::message) continue;
            const bool known = std::ranges::any_of(latest.answers, [&](const operations::raw_answer& other) {
                return other.current && std::ranges::equal(other.octets, answer.octets);
            });
            const auto decoded = judge_.decode(security, latest.keys, std::span(&answer, 1));
            const bool ours = std::ranges::any_of(decoded, [&](const operations::decoded_answer& one) {
                return one.credible &&
                       std::ranges::find(latest.packets, one.counter, &message_entry::counter) != latest.packets.end();
            });
            if (ours && !known) append_entry(block, {card, operations::answer_kind::message, 1, 0, answer.octets});
        }
        if (block.empty()) return {};
        TESSERA_TRY(campaign_store(writer).put_answers(latest.where, arrivals_.next(*env_->clock), block));
        return {};
    }

    result<void> settle_one(store::connection& writer, campaign_key key, cards::card_id card) {
        campaign_store campaigns(writer);
        TESSERA_TRY_VALUE(const auto* at_hand, take_at_hand(writer, key, card));
        const auto& what = at_hand->what;
        if (what.is_audit())
            return settle_late_reading(writer, *blocks_, vault_, judge_, what, key, card, env_->clock->now());
        std::optional<definition> own;
        std::optional<packet_plan> own_plan;
        if (what.is_personal()) {
            formatted_writes formatted(what);
            TESSERA_TRY(formatted.load(writer, key, card, card));
            own.emplace(with_writes(what, formatted.of(card)));
            own_plan.emplace(*own);
        }
        TESSERA_TRY_VALUE(const auto made, assess_card(writer, *blocks_, vault_, judge_, what,
                                                       own_plan ? *own_plan : at_hand->plan, key, card));
        // Of a rotation, only what was said under the new keys.
        const bool under_old_keys =
            what.rotation &&
            (made.formatted.empty() || made.formatted.back().proof.key_version != what.rotation->version);
        if (!proves(made.found) || under_old_keys) return {};
        TESSERA_TRY_VALUE(const auto before, campaigns.latest_outcome(key, card));
        card_outcome found{card, operations::outcome::failed, made.found.why,
                           std::max(made.attempts, before->attempts)};
        const auto now = env_->clock->now();
        if (made.found.what == operations::decision::done) {
            found.what = operations::outcome::done;
            found.why = {};
            if (what.rotation)
                TESSERA_TRY(cards::key_rotation_store(writer).prove(card, what.rotation->version, now));
            else
                TESSERA_TRY(update_image(writer, own ? *own : what, card, made.formatted[made.found.round], now));
        }
        TESSERA_TRY(campaigns.put_outcome(key, found, before->revision + 1, before->round, now));
        return campaigns.recount(key, card, before->round, before->what, found.what);
    }

    // The answer may be older than what others wrote meanwhile.
    static result<void> update_image(store::connection& writer, const definition& what, cards::card_id card,
                                     const formatted_from& deciding, timestamp now) {
        cards::card_store cards(writer);
        TESSERA_TRY_VALUE(const auto image, cards.image(card));
        operations::proved_writes proved{&what.writes, {}, deciding.proof, false, true};
        for (const auto& write : what.writes) {
            const auto held = std::ranges::find_if(
                image, [&](const auto& entry) { return entry.file == write.file && entry.record == write.record; });
            auto& before = proved.before.emplace_back();
            if (held != image.end()) before.emplace(operations::known_image{held->content, held->proof});
        }
        return operations::write_image(cards, card, proved, now);
    }

    const environment* env_;
    const definition_source& definition_of_;
    cards::key_vault vault_;
    operations::judge judge_;
    operations::late_answers operations_;
    arrival_clock arrivals_;
    // Of the transaction under way.
    chunk_blocks* blocks_ = nullptr;
    std::map<std::int64_t, campaign_at_hand>* at_hand_ = nullptr;
};

}  // namespace

result<bool> settle_late_answers(const environment& env, const definition_source& definition_of, duration how_long) {
    const auto until = how_long == duration::max() ? instant::max() : env.clock->monotonic() + how_long;
    late_settler settler(env, definition_of);
    for (;;) {
        TESSERA_TRY_VALUE(const bool more, settler.some());
        // What is left stays where it is, for the next one who settles.
        if (!more || env.stopping() || env.clock->monotonic() > until) return more;
    }
}

result<bool> settle_some_late_answers(const environment& env, const definition_source& definition_of) {
    return late_settler(env, definition_of).some();
}

}  // namespace tessera::campaigns
