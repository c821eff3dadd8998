#include "campaigns/settle.h"

#include <algorithm>

#include "base/limits.h"
#include "campaigns/card_case.h"
#include "campaigns/chunk_work.h"
#include "campaigns/image_scan.h"

namespace tessera::campaigns {
namespace {

using operations::decision;
using operations::outcome;
using operations::purpose;

struct settled_card {
    card_outcome result;
    std::optional<purpose> next;  // comes again in the next round instead
    std::vector<bytes> image;     // of a card that is done and held more than was written; else empty
    bool stray = false;
};

// What a judge's decision means for a card in this round.
settled_card ruling(cards::card_id card, const operations::verdict& found, purpose what, int round, int attempts) {
    settled_card made;
    made.result = {card, outcome::unknown, found.why, attempts};
    made.stray = found.stray;
    const bool last_round = round >= static_cast<int>(limits::rounds);
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
            // A card that refuses every counter we have is out of step with us: it cannot have run any of them.
            if (!last_round)
                made.next = purpose::read_back;
            else if (found.why.kind == operations::cause_kind::por_status)
                made.result.what = outcome::failed;
            break;
    }
    return made;
}

class settler final : public chunk_worker {
public:
    settler(const campaign_run& run, std::unique_ptr<store::connection> reader)
        : run_(run), reader_(std::move(reader)), vault_(run.env->vault->another()), plan_(*run.what) {}

    result<void> work(const chunk& held) override {
        cards_.clear();
        TESSERA_TRY(examine(held));
        return commit(held);
    }

private:
    struct answer {
        std::int64_t card;
        int attempt;
        operations::raw_answer raw;
        std::size_t offset, octets;
    };

    result<void> examine(const chunk& held) {
        const store::snapshot view(*reader_);
        TESSERA_TRY(view.begun());
        TESSERA_TRY(images_.load(*reader_, held.first, held.last, run_.what->writes));
        TESSERA_TRY(load_answers(held));
        return held.id.round == 1 ? examine_by_scan(held) : examine_by_case(held);
    }

    result<void> load_answers(const chunk& held) {
        answers_.clear();
        arena_.clear();
        TESSERA_TRY_VALUE(
            auto* query,
            reader_->kept(
                "SELECT card_id, kind, attempt, status, octets FROM answer WHERE campaign_key = $1 AND round = $2 "
                "AND card_id BETWEEN $3 AND $4 ORDER BY card_id, ordinal"));
        query->with(held.id.campaign.value, held.id.round, held.first.value, held.last.value);
        for (;;) {
            TESSERA_TRY_VALUE(const bool more, query->step());
            if (!more) break;
            const auto octets = query->octets(4);
            answers_.push_back({query->integer(0),
                                static_cast<int>(query->integer(2)),
                                {static_cast<operations::answer_kind>(query->integer(1)),
                                 static_cast<std::uint32_t>(query->integer(3)),
                                 {}},
                                arena_.size(),
                                octets.size()});
            append(arena_, octets);
        }
        const byte_view arena = arena_;
        for (auto& one : answers_) one.raw.octets = arena.subspan(one.offset, one.octets);
        next_answer_ = 0;
        return {};
    }

    // The answers of one card; cards in rising order.
    int answers_for(std::int64_t card) {
        current_answers_.clear();
        int attempts = 0;
        while (next_answer_ < answers_.size() && answers_[next_answer_].card < card) ++next_answer_;
        for (; next_answer_ < answers_.size() && answers_[next_answer_].card == card; ++next_answer_) {
            if (current_answers_.size() < limits::answers_per_card)
                current_answers_.push_back(answers_[next_answer_].raw);
            attempts = std::max(attempts, answers_[next_answer_].attempt);
        }
        return attempts;
    }

    // Round 1: messages and keys in one scan, a card at a time.
    result<void> examine_by_scan(const chunk& held) {
        TESSERA_TRY_VALUE(
            auto* query,
            reader_->kept(
                "SELECT m.card_id, m.sequence, m.counter, k.kic_algorithm, k.kid_algorithm, k.wrapped FROM message m "
                "JOIN key_set k ON k.card_id = m.card_id AND k.key_version = m.key_version "
                "WHERE m.campaign_key = $1 AND m.round = $2 AND m.card_id BETWEEN $3 AND $4 ORDER BY m.card_id, "
                "m.sequence"));
        query->with(held.id.campaign.value, held.id.round, held.first.value, held.last.value);
        operations::sent_round sent;
        cards::key_set keys;
        std::int64_t card = 0;
        for (;;) {
            TESSERA_TRY_VALUE(const bool more, query->step());
            if (!more || query->integer(0) != card) {
                if (!sent.packets.empty()) judge_card(held, cards::card_id{card}, keys, sent);
                if (!more) return {};
                card = query->integer(0);
                sent.packets.clear();
                const cards::key_set_header header{run_.what->security.key_version,
                                                   static_cast<crypto::cipher_algorithm>(query->integer(3)),
                                                   static_cast<crypto::cipher_algorithm>(query->integer(4)), 0};
                TESSERA_TRY_VALUE(keys, vault_.unwrap(cards::card_id{card}, header, query->octets(5)));
            }
            sent.packets.push_back(plan_.describe(purpose::write, static_cast<int>(query->integer(1)),
                                                  static_cast<std::uint64_t>(query->integer(2))));
        }
    }

    void judge_card(const chunk& held, cards::card_id card, const cards::key_set& keys,
                    const operations::sent_round& sent) {
        const int answered_at = answers_for(card.value);
        auto found = judge_.assess(run_.what->security, keys, std::span(&sent, 1), current_answers_);
        // Of packets that depend on one another, an answer that came twice ended the waiting for a later one.
        if (found.what == decision::unknown && found.why.kind == operations::cause_kind::no_answer &&
            sent.packets.size() > 1 && current_answers_.size() >= sent.packets.size())
            found.what = decision::listen;
        add(ruling(card, found, purpose::write, 1, answered_at > 0 ? answered_at : held.attempt));
    }

    // Later rounds: few cards, and all their rounds count.
    result<void> examine_by_case(const chunk& held) {
        TESSERA_TRY_VALUE(auto* query, reader_->kept("SELECT t.card_id, t.purpose FROM target t WHERE t.campaign_key = "
                                                     "$1 AND t.round = $2 AND t.card_id BETWEEN $3 AND $4 "
                                                     "AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.campaign_key = "
                                                     "t.campaign_key AND o.card_id = t.card_id) ORDER BY t.card_id"));
        query->with(held.id.campaign.value, held.id.round, held.first.value, held.last.value);
        for (;;) {
            TESSERA_TRY_VALUE(const bool more, query->step());
            if (!more) return {};
            const cards::card_id card{query->integer(0)};
            const auto what = static_cast<purpose>(query->integer(1));
            TESSERA_TRY_VALUE(const auto made,
                              assess_card(*reader_, vault_, judge_, *run_.what, plan_, held.id.campaign, card));
            auto found = made.found;
            // The judge sees the write's interim answer until the real one is there; having listened once is enough.
            add(ruling(card, found, what, held.id.round, std::max(made.attempts, 1)));
        }
    }

    void add(settled_card made) {
        if (made.result.what == outcome::done && !made.next) {
            const auto& before = images_.of(made.result.card);
            for (std::size_t i = 0; i < before.size(); ++i)
                if (before[i].size() > run_.what->writes[i].content.size()) {
                    made.image.resize(before.size());
                    made.image[i] = to_bytes(before[i]);
                }
        }
        cards_.push_back(std::move(made));
    }

    // The commit that makes the chunk's outcomes and images durable (C-17).
    result<void> commit(const chunk& held) {
        const auto& env = *run_.env;
        chunk_progress progress;
        for (const auto& one : cards_) {
            if (one.next)
                ++progress.next_round;
            else
                progress.outcomes.count(one.result.what);
        }
        return env.writer->transact([&](store::connection& writer) -> result<void> {
            campaign_store campaigns(writer);
            cards::card_store cards(writer);
            const auto now = env.clock->now();
            TESSERA_TRY(campaigns.move_chunk(held, env.instance, chunk_state::settled, held.attempt, progress));
            for (const auto& one : cards_) TESSERA_TRY(commit_card(campaigns, cards, held, one, now));
            return {};
        });
    }

    result<void> commit_card(campaign_store& campaigns, cards::card_store& cards, const chunk& held,
                             const settled_card& one, timestamp now) {
        const auto card = one.result.card;
        if (one.stray) TESSERA_TRY(campaigns.mark_late(card));
        if (one.next) {
            TESSERA_TRY(campaigns.add_target(held.id.campaign, held.id.round + 1, card, *one.next));
            return {};
        }
        TESSERA_TRY(campaigns.put_outcome(held.id.campaign, one.result, 0, held.id.round, now));
        if (one.result.what != outcome::done) return {};
        std::vector<byte_view> before(run_.what->writes.size());
        for (std::size_t i = 0; i < one.image.size(); ++i) before[i] = one.image[i];
        return write_image(cards, card, run_.what->writes, before, now);
    }

    campaign_run run_;
    std::unique_ptr<store::connection> reader_;
    cards::key_vault vault_;
    packet_plan plan_;
    operations::judge judge_;
    image_scan images_;
    std::vector<answer> answers_;
    bytes arena_;
    std::size_t next_answer_ = 0;
    std::vector<operations::raw_answer> current_answers_;
    std::vector<settled_card> cards_;
};

}  // namespace

result<void> settle(const campaign_run& run) {
    return work_through_chunks(run, chunk_state::closed, [&run]() -> result<std::unique_ptr<chunk_worker>> {
        TESSERA_TRY_VALUE(auto reader, run.env->storage->connect(store::access::read));
        return std::make_unique<settler>(run, std::move(reader));
    });
}

}  // namespace tessera::campaigns
