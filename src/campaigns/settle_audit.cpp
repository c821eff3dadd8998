#include "campaigns/settle_audit.h"

#include <algorithm>

#include "base/limits.h"
#include "campaigns/audit_plan.h"
#include "campaigns/card_case.h"
#include "campaigns/chunk_answers.h"
#include "campaigns/image_scan.h"
#include "campaigns/key_scan.h"
#include "codec/uicc_files.h"
#include "operations/image_update.h"

namespace tessera::campaigns {
namespace {

using operations::cause_kind;
using operations::decision;
using operations::outcome;
using operations::purpose;
using operations::reading;

struct known_file {
    bytes content;
    cards::image_proof proof;
};

struct read_card {
    card_outcome result;
    bool next = false;  // comes again in the next round instead
    bool keep = true;   // the readings go into the database
    bool stray = false;
    bool untouched = true;  // the image, since this round's packets were formatted
    bool doubted = false;
    operations::numbered_packet first;  // of this round
    std::vector<reading> readings;
    std::vector<std::optional<known_file>> image;  // of each file
    // Once all readings are through: what was expected of each file, and which differs.
    std::vector<std::optional<bytes>> expected;
    std::vector<bool> drift;
};

operations::sent_round packets_of(std::span<const message_entry> entries) {
    operations::sent_round sent{purpose::read, {}};
    for (const auto& one : entries) sent.packets.push_back({one.counter, 0, {}, 0});
    return sent;
}

// Which pieces of the files the answers bring; true: any.
bool take_all(const definition& what, const std::vector<operations::read_piece>& pieces,
              std::span<const message_entry> sent, const std::vector<std::optional<operations::executed_answer>>& ran,
              std::vector<reading>& into) {
    bool moved = false;
    for (std::size_t i = 0; i < std::min(pieces.size(), ran.size()); ++i) {
        const auto which = pieces[i].read;
        if (ran[i] &&
            take_piece(what.reads[which], pieces[i], *ran[i], {sent[i].key_version, sent[i].counter}, into[which]))
            moved = true;
    }
    return moved;
}

bool all_through(const std::vector<reading>& readings) {
    return std::ranges::none_of(readings, [](const reading& one) { return one.now == reading::state::open; });
}

cards::image_proof proof_of(const definition& what, const reading& found) {
    return {found.key_version, operations::application_of(what.security.tar), found.counter};
}

bool is_as_expected(const operations::file_read& wanted, byte_view expected, const reading& found) {
    // What the audit says is expected must be there whole; the image may know more than was asked for.
    const bool whole = found.whole || wanted.expected.has_value();
    if (operations::agrees(expected, found.content, whole)) return true;
    const auto* known = wanted.by_value ? codec::find_uicc_file(wanted.file) : nullptr;
    if (known == nullptr) return false;
    // A list may be filled up to another length than the card's file has.
    const auto one = codec::decode_file(*known, expected);
    const auto other = codec::decode_file(*known, found.content);
    return one && other && *one == *other;
}

// Outcome of a card whose files have all been read or refused, and where they drifted from what was expected.
void conclude(const definition& what, read_card& card) {
    card.result.what = outcome::done;
    card.result.why = {};
    card.expected.resize(what.reads.size());
    card.drift.assign(what.reads.size(), false);
    for (std::size_t i = 0; i < what.reads.size(); ++i) {
        const auto& found = card.readings[i];
        if (what.reads[i].expected)
            card.expected[i] = what.reads[i].expected;
        else if (card.image[i] && !operations::is_later(card.image[i]->proof, proof_of(what, found)))
            card.expected[i] = card.image[i]->content;  // else it was written after it had been read
        if (found.now == reading::state::refused) {
            if (card.result.what == outcome::done)
                card.result.why = {cause_kind::status_word, found.status_word, found.command};
            card.result.what = outcome::failed;
            continue;
        }
        card.drift[i] = card.expected[i] && !is_as_expected(what.reads[i], *card.expected[i], found);
        if (card.drift[i] && card.result.what == outcome::done && card.result.why.kind == cause_kind::none)
            card.result.why = {cause_kind::drift, static_cast<std::int64_t>(i) + 1, 0};
    }
}

bool drifted(const read_card& card) { return std::ranges::find(card.drift, true) != card.drift.end(); }

result<void> put_readings(campaign_store& campaigns, campaign_key key, const read_card& card) {
    if (!card.keep) return {};
    for (std::size_t i = 0; i < card.readings.size(); ++i)
        TESSERA_TRY(campaigns.put_reading(
            key, {card.result.card, i, card.readings[i], i < card.expected.size() ? card.expected[i] : std::nullopt,
                  i < card.drift.size() && card.drift[i]}));
    return {};
}

// What an earlier round brought may be older than the image from which this round's packets were formatted.
bool is_of_this_round(const read_card& card, const reading& found) {
    return found.key_version == card.first.key_version && found.counter >= card.first.counter;
}

// C-17: after the card's own word, in P3.
result<void> put_images(cards::card_store& cards, const definition& what, const read_card& card, timestamp now) {
    for (std::size_t i = 0; i < card.readings.size(); ++i) {
        const auto& found = card.readings[i];
        if (found.now != reading::state::complete) continue;
        operations::proved_reading proved{what.reads[i].file,
                                          what.reads[i].record,
                                          found.content,
                                          found.whole,
                                          std::nullopt,
                                          proof_of(what, found),
                                          card.untouched && is_of_this_round(card, found),
                                          card.doubted};
        if (card.image[i]) proved.before.emplace(operations::known_image{card.image[i]->content, card.image[i]->proof});
        TESSERA_TRY(operations::read_image(cards, card.result.card, proved, now));
    }
    return {};
}

class audit_settler final : public chunk_worker {
public:
    audit_settler(const campaign_run& run, store::lent_reader reader)
        : run_(run),
          reader_(std::move(reader)),
          vault_(run.env->vault->another()),
          plan_(*run.what),
          files_(files_of(run.what->reads)) {}

    result<void> work(const chunk& held) override {
        return until_not_overtaken([&]() -> result<void> {
            cards_.clear();
            for_others_.clear();
            TESSERA_TRY(examine(held));
            return commit(held);
        });
    }

private:
    // Messages, answers, keys and images side by side, all in order of card.
    result<void> examine(const chunk& held) {
        const store::snapshot view(*reader_);
        TESSERA_TRY(view.begun());
        TESSERA_TRY(heard_.note(*reader_, held.id));
        campaign_store campaigns(*reader_);
        TESSERA_TRY(images_.load(*reader_, held, files_));
        if (held.id.round > run_.first_round)
            TESSERA_TRY(plan_.load(*reader_, held.id.campaign, held.first, held.last));
        TESSERA_TRY(keys_.load_keys(*reader_, held));
        TESSERA_TRY(answers_.load(*reader_, held.id));
        TESSERA_TRY_VALUE(const auto block, campaigns.messages(held.id));
        TESSERA_TRY_VALUE(const auto messages, parse_messages(block));
        TESSERA_TRY_VALUE(const auto untouched, campaigns.sent_nothing(held, run_.winding_up));
        const auto application = operations::application_of(run_.what->security.tar);
        for (auto one = messages.begin(); one != messages.end();) {
            const auto card = one->card;
            const auto end =
                std::find_if(one, messages.end(), [&](const message_entry& other) { return other.card != card; });
            const std::span own(one, end);
            one = end;
            if (std::ranges::binary_search(untouched, card)) {
                if (answers_.said_anything(card)) for_others_.push_back(card);
                continue;
            }
            TESSERA_TRY_VALUE(const auto keys, keys_.unwrapped(card, own.front().key_version, application, vault_));
            TESSERA_TRY(examine_card(held, own, keys));
        }
        return {};
    }

    result<void> examine_card(const chunk& held, std::span<const message_entry> own, const cards::key_set& keys) {
        read_card made;
        const auto card = own.front().card;
        const int answered_at = answers_.take(card);
        made.result = {card, outcome::unknown, {}, answered_at > 0 ? answered_at : held.attempt};
        made.first = {own.front().key_version, own.front().counter};
        const auto sent = packets_of(own);
        const auto found = judge_.assess(run_.what->security, keys, std::span(&sent, 1), answers_.of_card());
        made.stray = found.stray;
        made.readings = plan_.readings_of(card);
        const auto ran = judge_.answers_to(run_.what->security, keys, sent.packets, answers_.of_card());
        const bool moved = take_all(*run_.what, plan_.pieces_of(card), own, ran, made.readings);
        const auto& before = images_.of(card);
        made.untouched = images_.image_version() == own.front().image_version;
        made.doubted = images_.doubtful(card);
        for (std::size_t i = 0; i < before.size(); ++i) {
            const auto& proof = images_.proofs()[i];
            made.image.push_back(proof ? std::optional(known_file{to_bytes(before[i]), *proof}) : std::nullopt);
        }
        if (all_through(made.readings)) {
            conclude(*run_.what, made);
        } else {
            TESSERA_TRY(rule(held, found, moved, made));
        }
        cards_.push_back(std::move(made));
        return {};
    }

    // Of the card that is looked at.
    [[nodiscard]] bool heard_something() const {
        return std::ranges::any_of(answers_.of_card(),
                                   [](const auto& one) { return one.kind == operations::answer_kind::message; });
    }

    // It complains of keys that it no longer has.
    result<bool> keys_changed(const read_card& made) {
        const auto& why = made.result.why;
        if (why.kind != cause_kind::por_status || why.detail != 1 || !run_.what->current_key_set) return false;
        return cards::key_rotation_store(*reader_).may_be_replaced(made.result.card, made.first.key_version);
    }

    // Of a card that still owes something: again with a new counter, or the end.
    result<void> rule(const chunk& held, const operations::verdict& found, bool moved, read_card& made) {
        made.result.why = found.why;
        made.keep = moved;
        bool again = moved || found.what == decision::listen || found.what == decision::read_back;
        // An answer that came twice ended the waiting for a later packet's.
        if (found.what == decision::unknown && heard_something()) again = true;
        if (found.what == decision::failed && !moved) {
            TESSERA_TRY_VALUE(again, keys_changed(made));
            if (!again) made.result.what = outcome::failed;
        }
        if (again && found.why.kind == cause_kind::por_status &&
            held.id.round - run_.first_round + 1 >= static_cast<int>(limits::fresh_refusals)) {
            chunk_blocks blocks(*reader_);
            TESSERA_TRY_VALUE(const auto whole,
                              assess_card(*reader_, blocks, vault_, judge_, *run_.what, packet_plan(*run_.what),
                                          held.id.campaign, made.result.card));
            // It refuses counters that cannot be repeats: it is ahead of us.
            if (!moved && whole.fresh_rounds >= static_cast<int>(limits::fresh_refusals)) {
                made.result.what = outcome::failed;
                again = false;
            }
        }
        made.next = again && !run_.last_round();
        if (made.next || made.result.what != outcome::unknown) return {};
        // The readings stay as they were when the packets were built: an answer that comes late is to one of those.
        made.keep = false;
        if (made.result.why.kind != cause_kind::smpp_status) made.result.why = {cause_kind::no_answer, 0, 0};
        return {};
    }

    // The commit that makes the chunk's outcomes, readings and images durable.
    result<void> commit(const chunk& held) {
        const auto& env = *run_.env;
        chunk_progress progress;
        std::int64_t differ = 0;
        for (const auto& one : cards_) {
            if (one.next)
                ++progress.next_round;
            else
                progress.outcomes.count(one.result.what);
            if (!one.next && drifted(one)) ++differ;
        }
        return env.writer->transact_lazily([&](store::connection& writer) -> result<void> {
            campaign_store campaigns(writer);
            cards::card_store cards(writer);
            campaigns.gather();
            cards.gather();
            const auto now = env.clock->now();
            TESSERA_TRY(heard_.still_all(writer, held.id));
            TESSERA_TRY(images_still(writer, run_, held, images_));
            TESSERA_TRY(campaigns.move_chunk(held, env.instance, chunk_state::settled, held.attempt, progress));
            for (const auto card : for_others_) TESSERA_TRY(campaigns.mark_late(card));
            for (const auto& one : cards_) TESSERA_TRY(commit_card(campaigns, cards, held, one, now));
            TESSERA_TRY(cards.flush());
            TESSERA_TRY(campaigns.flush());
            return differ == 0 ? result<void>{} : campaigns.count_drift(held.id, differ);
        });
    }

    result<void> commit_card(campaign_store& campaigns, cards::card_store& cards, const chunk& held,
                             const read_card& one, timestamp now) {
        const auto card = one.result.card;
        if (one.stray) TESSERA_TRY(campaigns.mark_late(card));
        TESSERA_TRY(put_readings(campaigns, held.id.campaign, one));
        if (one.next) {
            TESSERA_TRY(campaigns.add_target(held.id.campaign, held.id.round + 1, card, purpose::read));
            return {};
        }
        TESSERA_TRY(campaigns.put_outcome(held.id.campaign, one.result, 0, held.id.round, now));
        return put_images(cards, *run_.what, one, now);
    }

    campaign_run run_;
    store::lent_reader reader_;
    cards::key_vault vault_;
    audit_plan plan_;
    std::vector<operations::file_write> files_;
    operations::judge judge_;
    image_scan images_;
    key_scan keys_;
    chunk_answers answers_;
    all_heard heard_;
    std::vector<read_card> cards_;
    std::vector<cards::card_id> for_others_;  // were sent nothing, so what they said is about something earlier
};

}  // namespace

std::unique_ptr<chunk_worker> make_audit_settler(const campaign_run& run, store::lent_reader reader) {
    return std::make_unique<audit_settler>(run, std::move(reader));
}

result<void> settle_late_reading(store::connection& writer, chunk_blocks& blocks, cards::key_vault& vault,
                                 operations::judge& judge, const definition& what, campaign_key key,
                                 cards::card_id card, timestamp now) {
    campaign_store campaigns(writer);
    audit_plan plan(what);
    TESSERA_TRY(plan.load(writer, key, card, card));
    TESSERA_TRY_VALUE(const auto heard, answers_of_latest_round(writer, blocks, vault, what, key, card));
    if (heard.packets.empty()) return {};
    const auto sent = packets_of(heard.packets);
    read_card made;
    made.first = {heard.packets.front().key_version, heard.packets.front().counter};
    made.readings = plan.readings_of(card);
    const auto ran = judge.answers_to(what.security, heard.keys, sent.packets, heard.answers);
    take_all(what, plan.pieces_of(card), heard.packets, ran, made.readings);
    if (!all_through(made.readings)) return {};
    TESSERA_TRY_VALUE(const auto before, campaigns.latest_outcome(key, card));
    cards::card_store cards(writer);
    TESSERA_TRY_VALUE(const auto image, cards.image(card));
    for (const auto& one : what.reads) {
        const auto held = std::ranges::find_if(
            image, [&](const auto& entry) { return entry.file == one.file && entry.record == one.record; });
        made.image.push_back(held == image.end() ? std::nullopt
                                                 : std::optional(known_file{held->content, held->proof}));
    }
    made.result = {card, outcome::done, {}, before->attempts};
    // The answer may be older than what others wrote meanwhile.
    made.untouched = false;
    made.doubted = true;
    conclude(what, made);
    TESSERA_TRY(put_readings(campaigns, key, made));
    TESSERA_TRY(put_images(cards, what, made, now));
    if (drifted(made)) TESSERA_TRY(campaigns.count_drift(heard.where, 1));
    TESSERA_TRY(campaigns.put_outcome(key, made.result, before->revision + 1, before->round, now));
    return campaigns.recount(key, card, before->round, before->what, made.result.what);
}

}  // namespace tessera::campaigns
