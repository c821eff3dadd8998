#include "campaigns/settle.h"

#include <algorithm>

#include "base/limits.h"
#include "campaigns/blocks.h"
#include "campaigns/card_case.h"
#include "campaigns/chunk_answers.h"
#include "campaigns/chunk_work.h"
#include "campaigns/image_scan.h"
#include "campaigns/key_scan.h"
#include "campaigns/personal_writes.h"
#include "campaigns/settle_audit.h"
#include "campaigns/target_sides.h"
#include "cards/key_rotation.h"
#include "operations/image_update.h"

namespace tessera::campaigns {
namespace {

using operations::decision;
using operations::outcome;
using operations::purpose;

struct known_file {
    bytes content;
    cards::image_proof proof;
};

struct settled_card {
    card_outcome result;
    std::optional<purpose> next;  // comes again in the next round instead
    // Of a card that is done: what its image knew of the writes' files; empty where of none.
    std::vector<std::optional<known_file>> image;
    cards::image_proof proof;
    bool untouched = true;  // the image, since the deciding packet was formatted
    bool doubted = false;
    bool stray = false;
    bool terminal = false;
};

// What cards got, or what terminals did.
struct settled_side {
    explicit settled_side(const definition& side) : what(&side), plan(side), formatted(side) {}

    const definition* what;
    packet_plan plan;
    formatted_writes formatted;
    definition own;  // of the card that is looked at, where contents have variables
    std::optional<packet_plan> own_plan;
    image_scan images;

    result<void> load(store::connection& reader, const chunk& held) {
        TESSERA_TRY(images.load(reader, held, what->writes));
        return formatted.load(reader, held.id.campaign, held.first, held.last);
    }
    // What the card's packets were built from; its own, where contents have variables.
    const packet_plan& plan_for(cards::card_id card) {
        if (!what->is_personal()) return plan;
        own = with_writes(*what, formatted.of(card));
        own_plan.emplace(own);
        return *own_plan;
    }
};

// What a judge's decision means for a card in this round.
settled_card ruling(cards::card_id card, const operations::verdict& found, purpose what, bool last_round, int attempts,
                    bool ahead) {
    settled_card made;
    made.result = {card, outcome::unknown, found.why, attempts};
    made.stray = found.stray;
    switch (found.what) {
        case decision::done:
            made.result.what = outcome::done;
            made.result.why = {};
            break;
        case decision::failed:
            made.result.what = outcome::failed;
            break;
        case decision::unknown:
            break;
        case decision::listen:
            // An answer that was promised twice and never came is silence.
            if (what != purpose::listen && !last_round)
                made.next = purpose::listen;
            else
                made.result.why = {operations::cause_kind::no_answer, 0, 0};
            break;
        case decision::read_back:
            // Something that is no answer to these packets ended the waiting, and perhaps the card never got them. Were
            // it asked now, it could not take them any more.
            if (found.why.kind == operations::cause_kind::unreadable_answer && found.stray && what == purpose::write) {
                if (!last_round) made.next = purpose::repeat;
                break;
            }
            // A card that refuses counters which cannot be repeats is ahead of us: it ran none of them.
            if (ahead && found.why.kind == operations::cause_kind::por_status)
                made.result.what = outcome::failed;
            else if (!last_round)
                made.next = purpose::read_back;
            break;
    }
    return made;
}

// Of a rotation, what was said under the old keys proves nothing yet: whether the card has the new ones, only a packet
// under them tells, also where its answer was lost. Only its own word that it did not take them, or a network that will
// not deliver, ends it here.
void ask_under_new_keys(settled_card& made, bool last_round) {
    using operations::cause_kind;
    if (made.next == purpose::repeat) return;
    const bool refused = made.result.what == outcome::failed && (made.result.why.kind == cause_kind::status_word ||
                                                                 made.result.why.kind == cause_kind::smpp_status);
    if (refused || last_round) return;
    made.next = purpose::read_back;
}

// A card that has taken the new keys complains of a repeated packet under the old ones just as a card does that never
// took them, and unsecured both times: which of them it is, that does not tell.
void leave_open_without_proof(settled_card& made) {
    const auto& why = made.result.why;
    if (made.result.what == outcome::failed && why.kind == operations::cause_kind::por_status && why.detail == 1)
        made.result.what = outcome::unknown;
}

class settler final : public chunk_worker {
public:
    settler(const campaign_run& run, store::lent_reader reader)
        : run_(run), reader_(std::move(reader)), vault_(run.env->vault->another()), for_cards_(*run.what) {
        if (!run.what->terminals) return;
        what_of_terminals_ = for_terminals(*run.what);
        for_terminals_.emplace(what_of_terminals_);
    }

    result<void> work(const chunk& held) override {
        return until_not_overtaken([&]() -> result<void> {
            cards_.clear();
            for_others_.clear();
            TESSERA_TRY(examine(held));
            return commit(held);
        });
    }

private:
    result<void> examine(const chunk& held) {
        const store::snapshot view(*reader_);
        TESSERA_TRY(view.begun());
        TESSERA_TRY(heard_.note(*reader_, held.id));
        TESSERA_TRY(for_cards_.load(*reader_, held));
        if (for_terminals_) {
            TESSERA_TRY(ports_.load(*reader_, held.first, held.last));
            TESSERA_TRY(for_terminals_->load(*reader_, held));
        }
        return held.id.round == run_.first_round ? examine_by_scan(held) : examine_by_case(held);
    }

    // From now on it is about this card.
    void look_at(cards::card_id card) {
        if (for_terminals_) side_ = ports_.of(card) != 0 ? &*for_terminals_ : &for_cards_;
    }

    // A first round: messages and keys side by side, both in order of card.
    result<void> examine_by_scan(const chunk& held) {
        TESSERA_TRY(answers_.load(*reader_, held.id));
        TESSERA_TRY_VALUE(message_block_, campaign_store(*reader_).messages(held.id));
        TESSERA_TRY_VALUE(const auto messages, parse_messages(message_block_));
        TESSERA_TRY_VALUE(const auto untouched, campaign_store(*reader_).sent_nothing(held, run_.winding_up));
        TESSERA_TRY(keys_.load_keys(*reader_, held));
        operations::sent_round sent;
        for (auto one = messages.begin(); one != messages.end();) {
            const auto card = one->card;
            const auto key_version = one->key_version;
            sent.packets.clear();
            look_at(card);
            const auto& plan = side_->plan_for(card);
            for (; one != messages.end() && one->card == card; ++one) {
                sent.packets.push_back(plan.describe(purpose::write, one->sequence, one->counter));
                made_of_ = {one->image_version, {key_version, plan.application, one->counter}};
            }
            if (std::ranges::binary_search(untouched, card)) {
                if (answers_.said_anything(card)) for_others_.push_back(card);
                continue;
            }
            TESSERA_TRY_VALUE(const auto keys, keys_.unwrapped(card, key_version, plan.application, vault_));
            TESSERA_TRY(judge_card(held, card, keys, sent));
        }
        return {};
    }

    result<void> judge_card(const chunk& held, cards::card_id card, const cards::key_set& keys,
                            const operations::sent_round& sent) {
        const int answered_at = answers_.take(card);
        auto found = judge_.assess(side_->what->security, keys, std::span(&sent, 1), answers_.of_card());
        auto made =
            ruling(card, found, purpose::write, run_.last_round(), answered_at > 0 ? answered_at : held.attempt, false);
        // Of packets that depend on one another, an answer that came twice ended the waiting for a later one.
        if (found.what == decision::unknown && found.why.kind == operations::cause_kind::no_answer &&
            sent.packets.size() > 1 && answers_.of_card().size() >= sent.packets.size() && !run_.last_round())
            made.next = purpose::repeat;
        if (run_.what->rotation) {
            ask_under_new_keys(made, run_.last_round());
            leave_open_without_proof(made);
        }
        TESSERA_TRY(ask_where_keys_changed(made, made_of_.proof.key_version));
        add(std::move(made), made_of_);
        return {};
    }

    // A card that took other keys meanwhile complains of packets under the old ones, also of one that it had executed
    // when it came for the first time.
    result<void> ask_where_keys_changed(settled_card& made, std::uint8_t key_version) {
        const auto& why = made.result.why;
        const bool complained = made.result.what == outcome::failed && !made.next &&
                                why.kind == operations::cause_kind::por_status && why.detail == 1;
        if (!complained || run_.what->rotation || !side_->what->current_key_set) return {};
        TESSERA_TRY_VALUE(const bool changed,
                          cards::key_rotation_store(*reader_).may_be_replaced(made.result.card, key_version));
        if (!changed) return {};
        if (!run_.last_round()) {
            made.next = purpose::read_back;
            return {};
        }
        made.result.what = outcome::unknown;
        made.result.why = {operations::cause_kind::no_answer, 0, 0};
        return {};
    }

    // Whom nothing was sent in the chunk's round. What they said there all the same belongs elsewhere.
    result<std::vector<cards::card_id>> untouched_in(const chunk& held) {
        TESSERA_TRY_VALUE(auto untouched, campaign_store(*reader_).sent_nothing(held, run_.winding_up));
        if (untouched.empty()) return untouched;
        TESSERA_TRY(answers_.load(*reader_, held.id));
        std::ranges::copy_if(untouched, std::back_inserter(for_others_),
                             [this](cards::card_id card) { return answers_.said_anything(card); });
        return untouched;
    }

    // Later rounds: few cards, and all their rounds count.
    result<void> examine_by_case(const chunk& held) {
        TESSERA_TRY_VALUE(auto* query, reader_->kept("SELECT t.card_id, t.purpose FROM target t WHERE t.campaign_key = "
                                                     "$1 AND t.round = $2 AND t.card_id BETWEEN $3 AND $4 "
                                                     "AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.campaign_key = "
                                                     "t.campaign_key AND o.card_id = t.card_id) "
                                                     "AND NOT EXISTS (SELECT 1 FROM target n WHERE n.campaign_key = "
                                                     "t.campaign_key AND n.round = t.round + 1 "
                                                     "AND n.card_id = t.card_id) ORDER BY t.card_id"));
        query->with(held.id.campaign.value, held.id.round, held.first.value, held.last.value);
        TESSERA_TRY_VALUE(const auto untouched, untouched_in(held));
        chunk_blocks blocks(*reader_);
        for (;;) {
            TESSERA_TRY_VALUE(const bool more, query->step());
            if (!more) return {};
            const cards::card_id card{query->integer(0)};
            const auto what = static_cast<purpose>(query->integer(1));
            // Who comes to be written to was set aside in every round before: nothing has ever left for it.
            if (what == purpose::write && std::ranges::binary_search(untouched, card)) continue;
            look_at(card);
            TESSERA_TRY_VALUE(const auto made, assess_card(*reader_, blocks, vault_, judge_, *side_->what,
                                                           side_->plan_for(card), held.id.campaign, card));
            auto found = made.found;
            // The judge sees the write's interim answer until the real one is there; having listened once is enough.
            // As in a first round: an answer that came twice ended the waiting for a later packet, so it is asked
            // again.
            if (found.what == decision::unknown && what == purpose::read_back && made.answers_in_round > 0)
                found.what = decision::read_back;
            const bool ahead = made.fresh_rounds >= static_cast<int>(limits::fresh_refusals);
            auto settled = ruling(card, found, what, run_.last_round(), std::max(made.attempts, 1), ahead);
            if (run_.what->rotation && (what == purpose::write || what == purpose::repeat))
                ask_under_new_keys(settled, run_.last_round());
            if (run_.what->rotation) leave_open_without_proof(settled);
            const auto deciding = made.formatted.empty() ? formatted_from{} : made.formatted[found.round];
            TESSERA_TRY(ask_where_keys_changed(settled, deciding.proof.key_version));
            add(std::move(settled), deciding);
        }
    }

    void add(settled_card made, const formatted_from& deciding) {
        made.terminal = side_ != &for_cards_;
        auto& images = side_->images;
        if (made.result.what == outcome::done && !made.next) {
            const auto& before = images.of(made.result.card);
            made.untouched = images.image_version() == deciding.image_version;
            made.doubted = images.doubtful(made.result.card);
            made.proof = deciding.proof;
            for (std::size_t i = 0; i < before.size(); ++i) {
                const auto& known = images.proofs()[i];
                if (!known) continue;
                made.image.resize(before.size());
                made.image[i].emplace(known_file{to_bytes(before[i]), *known});
            }
        }
        cards_.push_back(std::move(made));
    }

    // Commits the chunk's outcomes and images together (C-17). They are durable when P3 is over; if the power fails
    // earlier, the chunk is settled once more from the same answers.
    result<void> commit(const chunk& held) {
        const auto& env = *run_.env;
        chunk_progress progress;
        for (const auto& one : cards_) {
            if (one.next)
                ++progress.next_round;
            else
                progress.outcomes.count(one.result.what);
        }
        return env.writer->transact_lazily([&](store::connection& writer) -> result<void> {
            campaign_store campaigns(writer);
            cards::card_store cards(writer);
            campaigns.gather();
            cards.gather();
            const auto now = env.clock->now();
            TESSERA_TRY(heard_.still_all(writer, held.id));
            TESSERA_TRY(images_still(writer, run_, held, for_cards_.images));
            TESSERA_TRY(campaigns.move_chunk(held, env.instance, chunk_state::settled, held.attempt, progress));
            for (const auto card : for_others_) TESSERA_TRY(campaigns.mark_late(card));
            cards::key_rotation_store rotations(writer);
            for (const auto& one : cards_) TESSERA_TRY(commit_card({&campaigns, &cards, &rotations}, held, one, now));
            TESSERA_TRY(cards.flush());
            return campaigns.flush();
        });
    }

    struct stores {
        campaign_store* campaigns;
        cards::card_store* cards;
        cards::key_rotation_store* rotations;
    };
    result<void> commit_card(const stores& to, const chunk& held, const settled_card& one, timestamp now) {
        auto& campaigns = *to.campaigns;
        const auto card = one.result.card;
        if (one.stray) TESSERA_TRY(campaigns.mark_late(card));
        if (one.next) {
            TESSERA_TRY(campaigns.add_target(held.id.campaign, held.id.round + 1, card, *one.next));
            return {};
        }
        TESSERA_TRY(campaigns.put_outcome(held.id.campaign, one.result, 0, held.id.round, now));
        const auto& side = one.terminal ? *for_terminals_ : for_cards_;
        if (one.result.what != outcome::done) return doubt_images(*to.cards, card, side.what->writes);
        if (run_.what->rotation) return to.rotations->prove(card, run_.what->rotation->version, now);
        operations::proved_writes proved{&side.formatted.of(card), {}, one.proof, one.untouched, one.doubted};
        proved.before.resize(side.what->writes.size());
        for (std::size_t i = 0; i < one.image.size(); ++i)
            if (one.image[i])
                proved.before[i].emplace(operations::known_image{one.image[i]->content, one.image[i]->proof});
        return operations::write_image(*to.cards, card, proved, now);
    }

    // Sent and not proved: the files may hold the new content, the old, or some of both.
    static result<void> doubt_images(cards::card_store& cards, cards::card_id card,
                                     const std::vector<operations::file_write>& writes) {
        for (const auto& write : writes) TESSERA_TRY(cards.doubt_image(card, write.file, write.record));
        return {};
    }

    campaign_run run_;
    store::lent_reader reader_;
    cards::key_vault vault_;
    settled_side for_cards_;
    definition what_of_terminals_;
    std::optional<settled_side> for_terminals_;  // where the campaign has something for them
    terminal_ports ports_;
    settled_side* side_ = &for_cards_;  // of the card that is looked at
    operations::judge judge_;
    formatted_from made_of_;  // of the card that is looked at
    bytes message_block_;
    key_scan keys_;  // in a first round
    chunk_answers answers_;
    all_heard heard_;
    std::vector<settled_card> cards_;
    std::vector<cards::card_id> for_others_;  // were sent nothing, so what they said is about something earlier
};

}  // namespace

result<void> settle(const campaign_run& run) {
    return work_through_chunks(run, chunk_state::closed, [&run]() -> result<std::unique_ptr<chunk_worker>> {
        TESSERA_TRY_VALUE(auto reader, run.env->storage->lend_reader());
        if (run.what->is_audit()) return make_audit_settler(run, std::move(reader));
        return std::make_unique<settler>(run, std::move(reader));
    });
}

}  // namespace tessera::campaigns
