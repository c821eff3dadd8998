// P2 as a machine without I/O: it is told what the network and the journal say and what time it is, and tells them what
// to do. It sends the packets of released chunks, sends identical octets again where no answer came in time, stores
// every answer raw and acknowledges it once it is durable (C-7, C-9). It never looks into a packet.
//
// Everything on one thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "campaigns/exchange_journal.h"
#include "codec/secured_packet.h"
#include "codec/sms_tpdu.h"
#include "telecom/network.h"

namespace tessera::campaigns {

struct exchange_settings {
    duration por_timeout = std::chrono::seconds(60);
    int attempts = 3;
    codec::toolkit_application_reference application{};
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
    enum class entry_state : std::uint8_t { needs_sending, queued, submitted, awaiting, finished };
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
        bool may_have_left = false;  // the packet under way: accepted once, or its answer lost with the link
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
        chunk_progress progress;  // not yet in the journal
        instant next_deadline = instant::max();
    };
    struct place {
        std::uint32_t slot = 0;
        std::uint32_t index = 0;
    };

    void pump();
    bool send(std::uint64_t token);
    void want_chunks();
    void request_load(std::uint32_t slot);
    void queue_entry(std::uint32_t slot, std::uint32_t index);
    void admit(std::uint32_t slot, const loaded_chunk& loaded);
    void replay_answers(std::uint32_t slot, const loaded_chunk& loaded);
    void answered(place where);
    void count_sent(open_chunk& open, entry& one);
    void finish(place where);
    void close_if_finished(std::uint32_t slot);
    void sweep(std::uint32_t slot, instant now);
    bool completes(telecom::subscriber_number subscriber, byte_view user_data, bool& ours);
    void flush();
    void end_if_done();
    void fail(const error& why);
    void free_slot(std::uint32_t slot);

    exchange_settings settings_;
    exchange_journal* journal_;
    const clock_port* clock_;
    telecom::network* network_ = nullptr;
    codec::reassembler reassembler_;

    std::vector<std::unique_ptr<open_chunk>> slots_;
    std::vector<std::uint32_t> free_slots_;
    boost::unordered_flat_map<std::uint64_t, place> outstanding_;  // by subscriber
    std::deque<std::uint64_t> send_queue_;
    std::deque<chunk> leased_;
    std::size_t open_chunks_ = 0;
    std::size_t loads_ = 0;

    journal_batch pending_;
    instant renewed_{};
    instant link_down_since_{};
    bool writing_ = false;
    bool leasing_ = false;
    bool exhausted_ = false;  // no chunk left to lease
    bool open_ = false;
    bool stopping_ = false;
    bool closing_ = false;
    bool ended_ = false;
    std::int64_t finished_ = 0;
    std::optional<error> failed_;
};

}  // namespace tessera::campaigns
