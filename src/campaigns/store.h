// The SQL of campaigns, but for what one piece of work alone asks. One per connection; all runs in the caller's
// transaction.
// Who moves a chunk on names owner and epoch; with a lease that was lost it changes nothing, fails with
// code_lease_lost, and takes along what else the transaction wrote.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "campaigns/types.h"
#include "store/database.h"
#include "store/row_batch.h"

namespace tessera::campaigns {

inline constexpr std::string_view code_lease_lost = "lease_lost";

// Of an error: whoever tries again may have more luck.
[[nodiscard]] inline bool may_pass(const error& why) {
    return store::is_about_database(why) || why.code == code_lease_lost;
}

struct phase_times {
    int round = 0;
    campaigns::phase phase = phase::none;
    timestamp started;
    std::optional<timestamp> ended;
};

struct round_progress {
    int round = 0;
    std::int64_t targets = 0;
    chunk_progress progress;
};

struct report_row {
    std::int64_t card = 0;
    std::string iccid;
    std::optional<operations::outcome> outcome;
    operations::cause why;
    int attempts = 0;
    int round = 0;
    timestamp settled_at;
};

class campaign_store {
public:
    explicit campaign_store(store::connection& database) : database_(&database) {}

    // --- campaigns
    // application: that it speaks to; agent: on terminals, if it does.
    [[nodiscard]] result<campaign_key> insert(const campaign& made, std::uint32_t application,
                                              std::optional<std::uint32_t> agent = std::nullopt);
    [[nodiscard]] result<std::optional<campaign>> find(std::string_view id);
    [[nodiscard]] result<std::optional<campaign>> find_by_name(std::string_view name);
    [[nodiscard]] result<std::vector<campaign_key>> keys_of_name(std::string_view name, std::int64_t limit);
    [[nodiscard]] result<campaign> get(campaign_key key);
    [[nodiscard]] result<std::vector<campaign>> list(std::int64_t after, std::int64_t limit);
    [[nodiscard]] result<std::vector<campaign_key>> in_state(campaign_state state);
    [[nodiscard]] result<void> set_targets(campaign_key key, std::int64_t targets);
    [[nodiscard]] result<void> set_state(campaign_key key, campaign_state state, int round, phase now,
                                         std::optional<timestamp> finished);

    // --- targets and chunks
    // Round 1: every card that the selection means, in order of card id; returns how many.
    [[nodiscard]] result<std::int64_t> select_targets(campaign_key key, const target_selection& selection);
    [[nodiscard]] result<bool> add_target(campaign_key key, int round, cards::card_id card, operations::purpose what);
    // Cuts a round's targets into chunks of so many cards; returns how many targets.
    [[nodiscard]] result<std::int64_t> cut_into_chunks(campaign_key key, int round,
                                                       std::int64_t chunk_cards = limits::chunk_cards);

    // Takes up to `limit` chunks of a state for `owner`, until `until`; a chunk held by another owner is left alone
    // unless its lease is over.
    [[nodiscard]] result<std::vector<chunk>> lease(campaign_key key, int round, chunk_state state,
                                                   std::string_view owner, timestamp now, timestamp until,
                                                   std::int64_t limit);
    // All leases end at once: whoever held them is known to be at work no more.
    [[nodiscard]] result<void> break_leases(campaign_key key);
    // Likewise those of one owner.
    [[nodiscard]] result<void> break_leases(campaign_key key, std::string_view owner);
    // Whether lease() would find anything.
    [[nodiscard]] result<bool> any_to_lease(campaign_key key, int round, chunk_state state, std::string_view owner,
                                            timestamp now);
    [[nodiscard]] result<void> renew_leases(campaign_key key, std::string_view owner, timestamp until);
    // Moves a chunk on and adds to its progress; the lease ends unless the chunk stays with its owner (released).
    [[nodiscard]] result<void> move_chunk(const chunk& held, std::string_view owner, chunk_state to, int attempt,
                                          const chunk_progress& more);
    [[nodiscard]] result<std::vector<chunk>> chunks(campaign_key key, int round);
    [[nodiscard]] result<std::int64_t> chunks_in(campaign_key key, int round, chunk_state state);
    [[nodiscard]] result<std::vector<round_progress>> progress(campaign_key key);
    // What a chunk has counted in P2: sent, answered.
    [[nodiscard]] result<chunk_progress> exchanged(const chunk_id& which);

    // Cards of released chunks of which nothing has left when P2 stopped in good order. Taken before they may leave.
    [[nodiscard]] result<void> put_unsent(campaign_key key, int round, cards::card_id card);
    [[nodiscard]] result<std::vector<cards::card_id>> unsent(const chunk& which);
    [[nodiscard]] result<std::vector<cards::card_id>> take_unsent(const chunk& which);
    // Of a closed chunk: cards of which nothing has left in its round, in order. Those that left the round when it was
    // released; cut_short, where the campaign was cancelled: also those that were unsent.
    [[nodiscard]] result<std::vector<cards::card_id>> sent_nothing(const chunk& which, bool cut_short);

    // --- a cancelled campaign
    // Those that were cancelled within a phase: what they have sent is still to be settled.
    [[nodiscard]] result<std::vector<campaign>> cancelled_within_a_phase();
    // Nothing more is awaited of what was released.
    [[nodiscard]] result<void> close_released(campaign_key key, int round);
    // Cards that were to be listened for or read back in this round or the next end unknown, so many of them. True:
    // there may be more.
    [[nodiscard]] result<bool> give_up_later_rounds(campaign_key key, int round, timestamp now, std::int64_t limit);

    // --- phases
    [[nodiscard]] result<void> begin_phase(campaign_key key, int round, phase which, timestamp now);
    [[nodiscard]] result<void> end_phase(campaign_key key, int round, phase which, timestamp now);
    [[nodiscard]] result<std::vector<phase_times>> phases(campaign_key key);

    // --- messages, answers, outcomes
    // A chunk's buffer: blocks.h entries in order of card and sequence.
    [[nodiscard]] result<void> put_messages(const chunk_id& where, byte_view block);
    [[nodiscard]] result<bytes> messages(const chunk_id& where);
    // More of what came back for a chunk; ordinals rise in order of arrival, as far as those who put them know of one
    // another: where somebody else was as quick, the next free one is taken. It is returned.
    [[nodiscard]] result<std::int64_t> put_answers(const chunk_id& where, std::int64_t ordinal, byte_view block);
    [[nodiscard]] result<bytes> answers(const chunk_id& where);
    // Likewise the next free ordinal.
    [[nodiscard]] result<void> put_unmatched(std::int64_t ordinal, std::uint64_t subscriber, byte_view octets);
    // From now on put_outcome() gathers rows, which flush() writes: for many cards in one transaction.
    void gather() { outcomes_.emplace(*database_, outcome_rows); }
    [[nodiscard]] result<void> flush() { return outcomes_ ? outcomes_->flush() : result<void>{}; }
    [[nodiscard]] result<void> put_outcome(campaign_key key, const card_outcome& found, int revision, int round,
                                           timestamp now);
    struct stored_outcome {
        int revision = 0;
        operations::outcome what{};
        int round = 0;
        int attempts = 0;
        timestamp settled_at;
    };
    [[nodiscard]] result<std::optional<stored_outcome>> latest_outcome(campaign_key key, cards::card_id card);
    // A late settlement moves one card from an outcome to another in its chunk's counts.
    [[nodiscard]] result<void> recount(campaign_key key, cards::card_id card, int round, operations::outcome from,
                                       operations::outcome to);
    // Targets after `after`, at most `limit`, with their latest outcome.
    [[nodiscard]] result<std::vector<report_row>> report(campaign_key key, std::int64_t after, std::int64_t limit);

    struct cause_count {
        operations::outcome what{};
        operations::cause why;
        std::int64_t cards = 0;
    };
    [[nodiscard]] result<std::vector<cause_count>> causes(campaign_key key);

    // --- audits
    struct stored_reading {
        cards::card_id card;
        std::size_t place = 0;  // which [[read]]
        operations::reading found;
        std::optional<bytes> expected;  // by the audit, or else by the image
        bool drift = false;             // the card holds something else
    };
    [[nodiscard]] result<void> put_reading(campaign_key key, const stored_reading& made);
    // Of cards first..last, in order of card and place.
    [[nodiscard]] result<std::vector<stored_reading>> readings(campaign_key key, cards::card_id first,
                                                               cards::card_id last);
    // So many more cards of the chunk have drifted.
    [[nodiscard]] result<void> count_drift(const chunk_id& where, std::int64_t cards);
    [[nodiscard]] result<std::int64_t> drifted(campaign_key key);

    // --- contents with variables
    struct own_content {
        cards::card_id card;
        std::size_t place = 0;  // which [[write]]
        bytes content;
    };
    [[nodiscard]] result<void> put_content(campaign_key key, const own_content& made);
    // Of cards first..last, in order of card and place.
    [[nodiscard]] result<std::vector<own_content>> contents(campaign_key key, cards::card_id first,
                                                            cards::card_id last);

    // --- single operations meanwhile (C-12 to C-16)
    // The campaign that manages the card now, if one does; of several, the one whose phase is furthest.
    struct managing {
        std::string id, name;
        campaigns::phase phase = phase::none;
    };
    [[nodiscard]] result<std::optional<managing>> managed(cards::card_id card);
    // The moment (operations/store.h) at which a chunk's messages were formatted.
    [[nodiscard]] result<void> set_formatted(const chunk_id& where, std::int64_t moment);
    [[nodiscard]] result<std::int64_t> formatted(const chunk_id& where);
    // A prepared chunk's messages, some of them formatted anew. Errors: lease_lost (it is prepared no more).
    [[nodiscard]] result<void> replace_messages(const chunk_id& where, byte_view block, std::int64_t moment,
                                                const chunk_progress& change);
    // Prepared chunks with a card that an operation has touched since.
    [[nodiscard]] result<std::vector<chunk>> stale_chunks(campaign_key key, int round);
    [[nodiscard]] result<bool> operations_in_flight(campaign_key key, int round);
    // Cards between the chunk's first and last that already stand in the next round, in order. Until the chunk is
    // settled: those that left it when it was released.
    [[nodiscard]] result<std::vector<cards::card_id>> left_round(const chunk& which);

    // --- campaigns about the same cards
    // Cards first..last that another campaign has sent something, whose answer it has not got: one that stands still in
    // P2, or was cancelled since `since`. In order, a card once for each of them.
    [[nodiscard]] result<std::vector<cards::card_id>> awaited_by_others(campaign_key key, cards::card_id first,
                                                                        cards::card_id last, timestamp since);
    // Likewise of campaigns that may go on: nothing is known for certain of what these cards hold.
    [[nodiscard]] result<std::vector<cards::card_id>> changed_by_others(campaign_key key, cards::card_id first,
                                                                        cards::card_id last) {
        return awaited_by_others(key, first, last, timestamp::max());
    }
    // Campaigns that are exchanging with the card, stand still in it or were cancelled in it; without an outcome for it
    // so far.
    [[nodiscard]] result<std::vector<campaign_key>> exchanging(cards::card_id card);
    // Another campaign may have given out counters since this round's messages were first formatted.
    [[nodiscard]] result<bool> others_prepared_since(campaign_key key, int round);
    struct given_counter {
        cards::card_id card;
        std::uint8_t key_version = 0;
        std::int64_t application = 0;  // as cards::counting_application() has it
        std::uint64_t counter = 0;
    };
    [[nodiscard]] result<std::vector<given_counter>> given_counters(cards::card_id first, cards::card_id last);

    // --- late answers (C-8)
    [[nodiscard]] result<std::optional<cards::card_id>> card_of(std::uint64_t subscriber);
    // Every card that has or had the number; moved: it has had another holder than its present one.
    struct number_holders {
        std::vector<cards::card_id> cards;
        bool moved = false;
    };
    [[nodiscard]] result<number_holders> holders(std::uint64_t subscriber);
    // Where an answer outside every exchange belongs: to the latest campaign with this application that the card took
    // part in, or with any where it names none; of a number that moved, the latest that sent the card something there.
    [[nodiscard]] result<std::optional<chunk_id>> match_late(cards::card_id card,
                                                             std::optional<std::uint32_t> application);
    [[nodiscard]] result<std::optional<chunk_id>> match_late_at(cards::card_id card,
                                                                std::optional<std::uint32_t> application,
                                                                std::uint64_t subscriber);
    // Another campaign may be writing images: it runs, or is being wound up.
    [[nodiscard]] result<bool> others_under_way(campaign_key key);
    // Somebody waits for what the card says: a campaign to which it has proved nothing yet, or one that is under way.
    [[nodiscard]] result<bool> is_awaited(cards::card_id card);
    // A card whose answer no settlement has looked at yet.
    [[nodiscard]] result<void> mark_late(cards::card_id card);
    [[nodiscard]] result<std::vector<cards::card_id>> late_cards(std::int64_t limit);
    [[nodiscard]] result<void> clear_late(cards::card_id card);
    // Campaigns that would still believe what the card proves: its outcome is unknown, or failed on a complaint that
    // carried no security, and so may have been about any packet, or of a counter that was too low.
    [[nodiscard]] result<std::vector<campaign_key>> unproved_for(cards::card_id card);

    // --- answers that came to another process than the one that awaits them
    // If some other owner than `by` awaits answers of that chunk, it is told of this row of them, once. False: none.
    [[nodiscard]] result<bool> pass_on(const chunk_id& where, std::int64_t ordinal, std::string_view by);
    struct passed_block {
        std::int64_t chunk = 0, ordinal = 0;
        bytes octets;
    };
    // Those that `owner` has been told of, once.
    [[nodiscard]] result<std::vector<passed_block>> take_passed(campaign_key key, int round, std::string_view owner,
                                                                std::int64_t limit);
    // Nobody awaits anything of that chunk, or of that round, any more.
    [[nodiscard]] result<void> forget_passed(const chunk_id& where);
    [[nodiscard]] result<void> forget_passed(campaign_key key, int round);

    // --- what one process has read, when it writes: others may have written meanwhile
    // Of all key sets of these cards: another number after every counter that was given out.
    [[nodiscard]] result<std::int64_t> counters_given(const chunk& held);
    // Another number after everything that was stored of what came back for the chunk.
    [[nodiscard]] result<std::int64_t> answer_blocks(const chunk_id& where);
    // What comes back for it now is there when it is settled, or was settled already.
    [[nodiscard]] result<bool> is_released(const chunk_id& where);
    [[nodiscard]] result<bool> is_released_to(const chunk& held, std::string_view owner);  // under this very lease
    [[nodiscard]] result<bool> any_leased(campaign_key key, int round);                    // by somebody in P2
    [[nodiscard]] result<bool> is_running(campaign_key key);

    // --- one card's whole part in a campaign, for what the settling of a chunk cannot tell
    // The rounds it took part in, oldest first, with the chunk that held it.
    struct participation {
        chunk_id where;
        operations::purpose what{};
    };
    [[nodiscard]] result<std::vector<participation>> participations(campaign_key key, cards::card_id card);
    // Of all campaigns, oldest first.
    [[nodiscard]] result<std::vector<participation>> participations(cards::card_id card);

    // A card's part in campaigns, oldest first: (settled at, campaign id, name, outcome).
    struct history_row {
        timestamp at;
        std::string id, name;
        operations::outcome what{};
        operations::cause why;
    };
    [[nodiscard]] result<std::vector<history_row>> history(cards::card_id card);

private:
    [[nodiscard]] result<std::optional<campaign>> one(store::statement& query);
    static const store::row_shape outcome_rows;
    store::connection* database_;
    std::optional<store::row_batch> outcomes_;
};

}  // namespace tessera::campaigns
