#include "campaigns/prepare.h"

#include <algorithm>

#include "base/limits.h"
#include "campaigns/audit_plan.h"
#include "campaigns/blocks.h"
#include "campaigns/card_plan.h"
#include "campaigns/chunk_work.h"
#include "campaigns/packet_scripts.h"
#include "campaigns/personal_writes.h"
#include "campaigns/prepare_keys.h"
#include "cards/store.h"
#include "operations/store.h"

namespace tessera::campaigns {
namespace {

using operations::cause_kind;
using operations::outcome;
using operations::purpose;

constexpr std::string_view code_overtaken = "overtaken";

struct raised_counter {
    cards::card_id card;
    std::int64_t application;  // as cards::counting_application() has it
    std::uint64_t counter;
    std::uint8_t key_version;
};

// Everything one chunk's transaction will write.
struct prepared_chunk {
    bytes messages;  // blocks.h
    std::vector<raised_counter> counters;
    std::vector<card_outcome> outcomes;
    std::vector<campaign_store::own_content> contents;  // where they have variables
    std::vector<made_key_set> key_sets;
    chunk_progress progress;
    void clear() {
        messages.clear(), counters.clear(), outcomes.clear(), contents.clear(), key_sets.clear();
        progress = {};
    }
};

// One row of the query below.
struct target_card {
    cards::card_id id;
    purpose what{};
    telecom::subscriber_number subscriber = 0;  // 0: none
    bool has_keys = false;
    cards::key_set_header header;
    byte_view wrapped;
    std::uint64_t last_counter = 0;
};

target_card read_target(const store::statement& row, std::uint8_t key_version) {
    target_card found;
    found.id = cards::card_id{row.integer(0)};
    found.what = static_cast<purpose>(row.integer(1));
    found.subscriber = static_cast<telecom::subscriber_number>(row.integer(2));
    found.has_keys = !row.is_null(5);
    if (!row.is_null(8)) key_version = static_cast<std::uint8_t>(row.integer(8));
    found.header = {key_version,
                    static_cast<crypto::cipher_algorithm>(row.integer(3)),
                    static_cast<crypto::cipher_algorithm>(row.integer(4)),
                    static_cast<std::uint64_t>(row.integer(6)),
                    row.integer(9),
                    static_cast<cards::counter_scope>(row.integer(10))};
    found.wrapped = row.octets(5);
    found.last_counter = std::max(found.header.initial_counter, static_cast<std::uint64_t>(row.integer(7)));
    return found;
}

class preparer final : public chunk_worker {
public:
    preparer(const campaign_run& run, std::unique_ptr<store::connection> reader)
        : run_(run), reader_(std::move(reader)), vault_(run.env->vault->another()) {
        const auto& what = *run.what;
        if (what.is_audit()) audit_.emplace(what);
        files_ = what.is_audit() ? files_of(what.reads) : what.writes;
        scripts_from(what);
    }

    result<void> work(const chunk& held) override {
        for (;;) {
            made_.clear();
            TESSERA_TRY(format(held));
            auto done = commit(held);
            if (done || done.error().code != code_overtaken) return done;
        }
    }

    // Formats the messages of those cards of a prepared chunk that single operations have touched since (C-14).
    result<void> work_again(const chunk& held) {
        for (;;) {
            made_.clear();
            TESSERA_TRY_VALUE(const auto touched, format_touched(held));
            auto done = commit_again(held, touched);
            if (done || done.error().code != code_overtaken) return done;
        }
    }

private:
    // Reads image and keys and builds the packets; touches nothing durable.
    result<void> format(const chunk& held) {
        const store::snapshot view(*reader_);
        TESSERA_TRY(view.begun());
        TESSERA_TRY_VALUE(moment_, operations::operation_store(*reader_).moment());
        return format_cards(held.id, held.first, held.last);
    }

    result<std::vector<cards::card_id>> format_touched(const chunk& held) {
        const store::snapshot view(*reader_);
        TESSERA_TRY(view.begun());
        operations::operation_store operations(*reader_);
        TESSERA_TRY_VALUE(moment_, operations.moment());
        TESSERA_TRY_VALUE(const auto formatted, campaign_store(*reader_).formatted(held.id));
        TESSERA_TRY_VALUE(auto touched, operations.touched(held.first, held.last, formatted));
        for (const auto card : touched) TESSERA_TRY(format_cards(held.id, card, card));
        return touched;
    }

    result<void> format_cards(const chunk_id& where, cards::card_id first, cards::card_id last) {
        TESSERA_TRY(images_.load(*reader_, first, last, files_));
        if (audit_ && where.round > run_.first_round) TESSERA_TRY(audit_->load(*reader_, where.campaign, first, last));
        TESSERA_TRY_VALUE(auto* query, targets_query());
        const auto& security = run_.what->security;
        query->with(where.campaign.value, where.round, first.value, last.value, security.key_version,
                    operations::application_of(security.tar));
        for (;;) {
            TESSERA_TRY_VALUE(const bool more, query->step());
            if (!more) return {};
            TESSERA_TRY(format_card(where, read_target(*query, security.key_version)));
        }
    }

    // The card's own contents: anew, or as they were sent, where those are to be read back. False: it has none, and
    // ended.
    result<bool> take_own(const chunk_id& where, const target_card& card) {
        if (card.what != purpose::write) {
            formatted_writes sent(*run_.what);
            TESSERA_TRY(sent.load(*reader_, where.campaign, card.id, card.id));
            files_ = sent.of(card.id);
        } else {
            TESSERA_TRY_VALUE(auto own, writes_for(*reader_, *run_.what, card.id));
            if (!own) {
                TESSERA_TRY(end(card.id, outcome::failed, own.error()));
                return false;
            }
            files_ = std::move(*own);
            for (const auto& one : run_.what->personal)
                made_.contents.push_back({card.id, one.write, files_[one.write].content});
        }
        own_ = with_writes(*run_.what, files_);
        scripts_from(own_);
        return true;
    }

    void scripts_from(const definition& what) {
        writes_.clear();
        reads_.clear();
        auto scripts = scripts_of(what);
        if (!scripts) return;  // the campaign file was read, so there is none that cannot be made
        for (auto& one : scripts->first) writes_.push_back(std::move(one.octets));
        for (auto& one : scripts->reads) reads_.push_back(std::move(one.commands.octets));
    }

    // Where cards differ in the key set by which to speak, the version is asked card by card; so is the key set's
    // application, where some card has keys of its own for the campaign's.
    result<store::statement*> targets_query() {
#define TESSERA_PREPARE_TARGETS(current, join, version, key_application)                                              \
    "SELECT t.card_id, t.purpose, c.msisdn, k.kic_algorithm, k.kid_algorithm, k.wrapped, k.initial_counter, "         \
    "n.counter, " current ", k.application, k.counter_scope FROM target t JOIN card c ON c.card_id = t.card_id " join \
    "LEFT JOIN key_set k ON k.card_id = t.card_id AND k.key_version = " version                                       \
    " AND k.application = " key_application                                                                           \
    " LEFT JOIN key_counter n ON n.card_id = t.card_id AND n.key_version = " version                                  \
    " AND n.application = " TESSERA_COUNTING_APPLICATION(                                                             \
        "$6") " WHERE t.campaign_key = $1 AND t.round = $2 AND t.card_id BETWEEN $3 AND $4 ORDER BY t.card_id"
#define TESSERA_OF_ALL(key_application) TESSERA_PREPARE_TARGETS("NULL", "", "$5", key_application)
#define TESSERA_OF_EACH(key_application)                                                              \
    TESSERA_PREPARE_TARGETS("u.key_version", "LEFT JOIN current_key_set u ON u.card_id = t.card_id ", \
                            "COALESCE(u.key_version, $5)", key_application)
        if (run_.what->current_key_set && !differ_) {
            TESSERA_TRY_VALUE(differ_, cards::key_rotation_store(*reader_).any_current());
        }
        const auto application = operations::application_of(run_.what->security.tar);
        TESSERA_TRY_VALUE(const bool own_keys, cards::card_store(*reader_).any_key_set_of(application));
        if (differ_.value_or(false))
            return own_keys ? reader_->kept(TESSERA_OF_EACH(
                                  TESSERA_KEYS_OF_APPLICATION("t.card_id", "COALESCE(u.key_version, $5)", "$6")))
                            : reader_->kept(TESSERA_OF_EACH(TESSERA_KEYS_OF_ALL));
        return own_keys ? reader_->kept(TESSERA_OF_ALL(TESSERA_KEYS_OF_APPLICATION("t.card_id", "$5", "$6")))
                        : reader_->kept(TESSERA_OF_ALL(TESSERA_KEYS_OF_ALL));
    }

    // A rotation's packets are made of a card's own new keys.
    result<void> format_rotation(const target_card& card) {
        if (card.subscriber == 0) return end(card.id, outcome::failed, {cause_kind::no_subscriber, 0, 0});
        TESSERA_TRY_VALUE(auto made, keys_.format(card.id, card.what));
        if (made.outcome) return end(card.id, made.outcome->what, made.outcome->why);
        auto entry = entry_of(card);
        entry.key_version = made.key_version;
        entry.counter = made.counter;
        entry.packet = made.packet;
        append_entry(made_.messages, entry);
        made_.counters.push_back({card.id, made.counting, made.counter, made.key_version});
        if (made.fresh) made_.key_sets.push_back(std::move(*made.fresh));
        ++made_.progress.prepared;
        return {};
    }

    result<void> format_card(const chunk_id& where, const target_card& card) {
        if (run_.what->rotation) return format_rotation(card);
        if (run_.what->is_personal()) {
            TESSERA_TRY_VALUE(const auto ready, take_own(where, card));
            if (!ready) return {};
        }
        const bool held = holds_all(images_, card.id, files_) && !audit_;  // an audit reads for certain
        switch (plan_of({card.what, held, card.subscriber != 0, card.has_keys})) {
            case card_plan::skip:
                return end(card.id, outcome::skipped, {});
            case card_plan::no_subscriber:
                return end(card.id, outcome::failed, {cause_kind::no_subscriber, 0, 0});
            case card_plan::listen:
                append_entry(made_.messages, entry_of(card));
                return {};
            case card_plan::no_key:
                return end(card.id, outcome::failed, {cause_kind::no_key, card.header.key_version, 0});
            case card_plan::build:
                break;
        }
        TESSERA_TRY_VALUE(const auto keys, vault_.unwrap(card.id, card.header, card.wrapped));
        if (!build(card, keys)) return end(card.id, outcome::failed, {cause_kind::no_packet, 0, 0});
        ++made_.progress.prepared;
        return {};
    }

    message_entry entry_of(const target_card& card) const {
        message_entry entry;
        entry.card = card.id;
        entry.subscriber = card.subscriber;
        entry.what = card.what;
        entry.key_version = card.header.key_version;
        entry.image_version = images_.image_version();
        return entry;
    }

    const std::vector<bytes>& scripts_for(const target_card& card) {
        if (audit_) return audit_->scripts_of(card.id);
        return card.what == purpose::read_back ? reads_ : writes_;
    }

    // All packets of the card, with rising counters (C-5); false leaves nothing behind.
    bool build(const target_card& card, const cards::key_set& keys) {
        const auto& scripts = scripts_for(card);
        if (scripts.empty() || scripts.size() > limits::packets_per_card) return false;
        const auto before = made_.messages.size();
        auto entry = entry_of(card);
        entry.counter = card.last_counter;
        for (const auto& script : scripts) {
            const auto next = builder_.build(run_.what->security, keys, entry.counter, script, packet_);
            if (!next) {
                made_.messages.resize(before);
                return false;
            }
            entry.counter = *next;
            entry.packet = packet_;
            append_entry(made_.messages, entry);
            ++entry.sequence;
        }
        const auto application = operations::application_of(run_.what->security.tar);
        made_.counters.push_back({card.id, cards::counting_application(keys.header.scope, application), entry.counter,
                                  card.header.key_version});
        return true;
    }

    result<void> end(cards::card_id card, outcome what, operations::cause why) {
        made_.outcomes.push_back({card, what, why, 0});
        made_.progress.outcomes.count(what);
        return {};
    }

    // Commits the chunk's messages and their counters. They are durable when P1 is over, whose barrier is a durable
    // commit, so before anything of them is sent (C-9). If the power fails earlier, the chunk is prepared once more.
    result<void> commit(const chunk& held) {
        const auto& env = *run_.env;
        TESSERA_TRY(commit_in_one(env, held));
        if (run_.watch != nullptr) run_.watch->failed(made_.progress.outcomes.failed);
        return {};
    }
    result<void> commit_in_one(const environment& env, const chunk& held) {
        return env.writer->transact_lazily([&](store::connection& writer) -> result<void> {
            campaign_store campaigns(writer);
            TESSERA_TRY(nobody_overtook(writer, held));
            TESSERA_TRY(campaigns.move_chunk(held, env.instance, chunk_state::prepared, 0, made_.progress));
            TESSERA_TRY(campaigns.set_formatted(held.id, moment_));
            TESSERA_TRY(campaigns.put_messages(held.id, made_.messages));
            return put_counters_and_outcomes(writer, held);
        });
    }

    // Likewise for messages formatted again: they take the place of the old ones, whose counters stay unused.
    result<void> commit_again(const chunk& held, const std::vector<cards::card_id>& touched) {
        return run_.env->writer->transact([&](store::connection& writer) -> result<void> {
            campaign_store campaigns(writer);
            TESSERA_TRY(nobody_overtook(writer, held));
            TESSERA_TRY_VALUE(const auto before, campaigns.messages(held.id));
            TESSERA_TRY_VALUE(auto entries, parse_messages(before));
            auto change = made_.progress;
            std::erase_if(entries, [&](const message_entry& one) {
                const bool old = std::ranges::binary_search(touched, one.card);
                if (old && one.sequence == 0 && one.what != purpose::listen) --change.prepared;
                return old;
            });
            TESSERA_TRY_VALUE(const auto fresh, parse_messages(made_.messages));
            entries.insert(entries.end(), fresh.begin(), fresh.end());
            std::ranges::stable_sort(entries, {}, &message_entry::card);
            bytes block;
            for (const auto& one : entries) append_entry(block, one);
            TESSERA_TRY(campaigns.replace_messages(held.id, block, moment_, change));
            return put_counters_and_outcomes(writer, held);
        });
    }

    // A single operation that came between reading and writing has used the counters that were given out here.
    result<void> nobody_overtook(store::connection& writer, const chunk& held) const {
        TESSERA_TRY_VALUE(const auto touched,
                          operations::operation_store(writer).touched(held.first, held.last, moment_));
        if (touched.empty()) return {};
        return failure(code_overtaken, "chunk", "a single operation has touched a card of it meanwhile");
    }

    result<void> put_counters_and_outcomes(store::connection& writer, const chunk& held) {
        campaign_store campaigns(writer);
        cards::card_store cards(writer);
        campaigns.gather();
        cards.gather();
        for (const auto& one : made_.counters)
            TESSERA_TRY(cards.put_counter(one.card, one.key_version, one.application, one.counter));
        for (const auto& one : made_.contents) TESSERA_TRY(campaigns.put_content(held.id.campaign, one));
        const auto now = run_.env->clock->now();
        for (const auto& one : made_.key_sets) TESSERA_TRY(commit_key_set(writer, one, *run_.what->rotation, now));
        for (const auto& one : made_.outcomes)
            TESSERA_TRY(campaigns.put_outcome(held.id.campaign, one, 0, held.id.round, now));
        TESSERA_TRY(cards.flush());
        return campaigns.flush();
    }

    campaign_run run_;
    std::unique_ptr<store::connection> reader_;
    cards::key_vault vault_;
    operations::packet_builder builder_;
    std::vector<bytes> writes_;
    std::vector<bytes> reads_;
    std::optional<audit_plan> audit_;
    std::vector<operations::file_write> files_;  // that the campaign is about
    definition own_;                             // of the card that is looked at, where contents have variables
    image_scan images_;
    key_formatter keys_{*reader_, vault_, *run_.what};
    std::optional<bool> differ_;  // whether cards have current key sets of their own
    bytes packet_;
    prepared_chunk made_;
    std::int64_t moment_ = 0;  // of what made_ was formatted from
};

result<void> prepare_chunks(const campaign_run& run) {
    return work_through_chunks(run, chunk_state::created, [&run]() -> result<std::unique_ptr<chunk_worker>> {
        TESSERA_TRY_VALUE(auto reader, run.env->storage->connect(store::access::read));
        return std::make_unique<preparer>(run, std::move(reader));
    });
}

void wait_a_moment() {
    net::event_loop loop;
    const auto timer = loop.after(limits::stop_look, [] {});
    loop.run();
}

// Before P1 ends, messages of cards that single operations touched are formatted again, and operations under way are
// waited for. Whatever comes after that limit leaves the round when its chunk is released (C-15).
result<void> prepare_stale(const campaign_run& run) {
    const auto& env = *run.env;
    TESSERA_TRY_VALUE(auto reader, env.storage->connect(store::access::read));
    preparer again(run, std::move(reader));
    const auto until = env.clock->monotonic() + limits::single_operation_wait;
    while (!run.stopping()) {
        TESSERA_TRY_VALUE(const auto stale, env.writer->transact([&](store::connection& writer) {
            return campaign_store(writer).stale_chunks(run.subject.key, run.subject.round);
        }));
        for (const auto& one : stale) {
            if (run.stopping()) return {};
            TESSERA_TRY(again.work_again(one));
        }
        if (env.clock->monotonic() >= until) return {};
        if (!stale.empty()) continue;
        TESSERA_TRY_VALUE(const bool busy, env.writer->transact([&](store::connection& writer) {
            return campaign_store(writer).operations_in_flight(run.subject.key, run.subject.round);
        }));
        if (!busy) return {};
        wait_a_moment();
    }
    return {};
}

}  // namespace

result<void> prepare(const campaign_run& run) {
    TESSERA_TRY(prepare_chunks(run));
    return prepare_stale(run);
}

}  // namespace tessera::campaigns
