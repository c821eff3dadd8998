// P2 as a machine without I/O: it is told what the network and the journal say and what time it is, and tells them what
// to do. It sends the packets of released chunks, sends identical octets again where no answer came in time, stores
// every answer raw and acknowledges it once it is durable (C-7, C-9). It never looks into a packet.
//
// Everything on one thread.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "campaigns/exchange_journal.h"
#include "codec/secured_packet.h"
#include "codec/sms_tpdu.h"
#include "telecom/network.h"
#include "telecom/seen_messages.h"

namespace tessera::campaigns {

struct exchange_settings {
    duration por_timeout = std::chrono::seconds(60);
    int attempts = 3;
    codec::toolkit_application_reference application{};
    std::optional<codec::toolkit_application_reference> agent{};  // of terminals, where they get settings
    sending_rules sending_again{};
    duration lease_renewal = limits::lease_time / limits::lease_renewals;
};

class exchange_core final : public telecom::network_events, public journal_events {
public:
    exchange_core(const exchange_settings& settings, exchange_journal& journal, const clock_port& clock);

    // The network that on_open() will be about; must outlive the core's use.
    void use(telecom::network& network) { network_ = &network; }
    void start();
    // Time-outs and group commits; called every millisecond or so.
    void tick();
    // Ends early: nothing more is sent, what came in is made durable, the network is closed.
    void stop();
    // Nothing more is sent; what was sent is awaited for as long as an answer may take, then as stop().
    void drain();
    // What a card of a chunk said to another process, which has made it durable and acknowledged it.
    void on_passed(std::int64_t chunk_number, cards::card_id card, byte_view user_data);
    // Puts what is counted so far of chunks that are not through yet into the journal, for others to see.
    void report_progress();

    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] const std::optional<error>& failed() const { return failed_; }
    // Cards of which nothing more is awaited, since the last call.
    [[nodiscard]] std::int64_t take_finished() { return std::exchange(finished_, 0); }

    // telecom::network_events
    void on_open() override;
    void on_writable() override { pump(); }
    void on_result(std::uint64_t token, telecom::submit_result result, std::uint32_t command_status) override;
    void on_message(const telecom::inbound_message& message) override;
    void on_receipt(const telecom::inbound_receipt& receipt) override;
    [[nodiscard]] bool awaits(telecom::subscriber_number subscriber) const override {
        return outstanding_.contains(subscriber);
    }
    void on_link_down(std::string_view why) override;
    void on_closed() override;
    void on_failed(const error& why) override;
    // journal_events
    void on_leased(std::vector<chunk> chunks) override;
    void on_loaded(loaded_chunk loaded) override;
    void on_written(journal_batch batch) override;
    void on_journal_failed(const error& why) override;

private:
    // resting: the last sending brought nothing, and the next one is not due yet.
    enum class entry_state : std::uint8_t { needs_sending, queued, submitted, awaiting, resting, finished };
    struct entry {
        cards::card_id card;
        telecom::subscriber_number subscriber = 0;
        instant deadline{};
        std::uint32_t first_packet = 0;
        std::uint8_t packets = 0;
        std::uint8_t sequence = 0;  // of the packet under way
        std::uint8_t attempts = 0;  // sendings of that packet
        std::uint8_t losses = 0;    // of the link, with that packet under way
        entry_state state = entry_state::needs_sending;
        bool counted = false;        // as sent
        bool never_left = true;      // nothing of it was ever given to the network
        bool may_have_left = false;  // the packet under way: accepted once, or its answer lost with the link
        bool heard = false;          // since the packet under way went, though perhaps for another campaign
        std::uint8_t others = 0;     // campaigns that still await an answer of the card
    };
    struct open_chunk {
        chunk held;
        std::vector<entry> entries;
        bytes arena;
        std::vector<loaded_chunk::packet> packets;
        std::size_t unfinished = 0;
        std::size_t in_flight = 0;  // submits without result
        std::size_t unsent = 0;     // entries queued
        bool loading = false;
        bool resumed = false;  // released before a crash: what came back until then is replayed
        bool closed = false;
        std::int64_t sent_before = 0, answered_before = 0;  // in the journal, and found again by who goes on
        chunk_progress progress;                            // not yet in the journal
        instant next_deadline = instant::max();
    };
    struct place {
        std::uint32_t slot = 0;
        std::uint32_t index = 0;
    };
    // What is remembered of a packet whose sendings went wrong in a way that there is a rule for, or that waits for its
    // validity to end. Most cards have none.
    struct sending_notes {
        std::array<std::uint8_t, retry_causes> failures{};  // of causes with a rule
        std::uint8_t delivered = 0;                         // parts of the sending under way, by receipts
    };

    static constexpr std::uint64_t note_key(place where) {
        return static_cast<std::uint64_t>(where.slot) << 32U | where.index;
    }

    void pump();
    bool send(std::uint64_t token);
    void want_chunks();
    void request_load(std::uint32_t slot);
    void queue_entry(std::uint32_t slot, std::uint32_t index);
    void admit(std::uint32_t slot, const loaded_chunk& loaded);
    void replay_answers(std::uint32_t slot, const loaded_chunk& loaded);
    [[nodiscard]] static bool may_be_for_others(entry& one);
    void answered(place where);
    void go_to_next_packet(place where);
    void take_as_answered(place where);
    [[nodiscard]] duration patience() const;
    void brought_nothing(place where, retry_cause why);
    void take_receipt(place where, const telecom::inbound_receipt& receipt);
    void note_delivery(place where);
    void count_sent(open_chunk& open, entry& one);
    static void count_answered(open_chunk& open);
    void finish(place where);
    void close_if_finished(std::uint32_t slot);
    void sweep(std::uint32_t slot, instant now);
    bool completes(telecom::subscriber_number subscriber, byte_view user_data, bool& ours);
    void acknowledge(const telecom::inbound_handle& handle, std::uint64_t batch);
    void flush();
    void end_if_done();
    [[nodiscard]] bool awaits_answers(instant now) const;
    void take_stock(open_chunk& open);
    void fail(const error& why);
    void free_slot(std::uint32_t slot);

    exchange_settings settings_;
    exchange_journal* journal_;
    const clock_port* clock_;
    bool receipts_;  // are asked for with every message
    telecom::network* network_ = nullptr;
    codec::reassembler reassembler_;

    std::vector<std::unique_ptr<open_chunk>> slots_;
    std::vector<std::uint32_t> free_slots_;
    boost::unordered_flat_map<std::uint64_t, place> outstanding_;    // by subscriber
    boost::unordered_flat_map<std::uint64_t, sending_notes> notes_;  // by slot and index
    std::deque<std::uint64_t> send_queue_;
    std::deque<chunk> leased_;
    std::size_t open_chunks_ = 0;
    std::size_t loads_ = 0;

    telecom::seen_messages seen_;
    journal_batch pending_;
    std::uint64_t batch_ = 0;  // pending_'s number; all before are durable, but for one being written
    std::vector<telecom::inbound_handle> copies_;  // of what is being written, delivered again meanwhile
    instant renewed_{};
    instant link_down_since_{};
    bool writing_ = false;
    bool leasing_ = false;
    bool exhausted_ = false;  // no chunk left to lease
    bool open_ = false;
    bool stopping_ = false;
    bool draining_ = false;
    instant drained_by_{};
    bool closing_ = false;
    bool ended_ = false;
    std::int64_t finished_ = 0;
    std::optional<error> failed_;
};

}  // namespace tessera::campaigns
