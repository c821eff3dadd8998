// What the exchange's tests share: a network, a journal and a clock that do what a test says, and remember.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "campaigns/exchange_core.h"

namespace tessera::campaigns::testing_world {

inline constexpr codec::toolkit_application_reference application{0xb0, 0x00, 0x10};

class fake_clock final : public clock_port {
public:
    [[nodiscard]] timestamp now() const override { return from_microseconds(1); }
    [[nodiscard]] instant monotonic() const override { return at; }
    instant at{std::chrono::hours(1)};
};

class fake_network final : public telecom::network {
public:
    struct sent {
        telecom::subscriber_number subscriber;
        bytes packet;
        std::uint8_t reference;
        std::uint64_t token;
        std::chrono::seconds validity;
        bool receipt;
    };
    void open() override { ++opened; }
    bool submit(const telecom::outbound_message& message) override {
        if (room == 0) return false;
        --room;
        submitted.push_back({message.subscriber, to_bytes(message.packet), message.reference, message.token,
                             message.validity, message.receipt});
        return true;
    }
    void acknowledge(const telecom::inbound_handle& handle) override { acknowledged.push_back(handle.sequence); }
    void refuse(const telecom::inbound_handle& handle, std::uint32_t) override { refused.push_back(handle.sequence); }
    void close() override { ++closed; }

    std::size_t room = 1'000'000;
    std::deque<sent> submitted;
    std::vector<std::uint32_t> acknowledged, refused;
    int opened = 0, closed = 0;
};

// Chunks of cards; nothing answers before the test says so.
class fake_journal final : public exchange_journal {
public:
    struct release_request {
        chunk held;
        int attempt;
        bool with_answers;
    };
    void lease(std::int64_t) override { ++leases; }
    void release(const chunk& held, int attempt, bool with_answers) override {
        releases.push_back({held, attempt, with_answers});
    }
    void write(journal_batch batch) override { batches.push_back(std::move(batch)); }

    int leases = 0;
    std::deque<release_request> releases;
    std::deque<journal_batch> batches;
};

// A response packet's header as P2 sees it: nothing in it is ever deciphered there.
inline bytes response(std::uint8_t mark = 0, codec::toolkit_application_reference tar = application) {
    bytes made{0x02, 0x71, 0x00, 0x00, 0x0b, 0x0a};
    append(made, tar);
    made.insert(made.end(), {0, 0, 0, 0, mark, 0, 0});
    return made;
}

class exchange_world {
public:
    explicit exchange_world(int attempts = 3, const sending_rules& rules = {})
        : core({std::chrono::seconds(60), attempts, application, {}, rules}, journal, clock) {
        core.use(network);
        core.start();
    }

    static chunk chunk_of(std::int64_t number, std::int64_t cards, chunk_state state = chunk_state::prepared) {
        chunk made;
        made.id = {campaign_key{1}, 1, number};
        made.first = cards::card_id{number * 1000 + 1};
        made.last = cards::card_id{number * 1000 + cards};
        made.targets = cards;
        made.state = state;
        return made;
    }
    static telecom::subscriber_number subscriber(std::int64_t card) {
        return 49'000'000U + static_cast<telecom::subscriber_number>(card);
    }
    // The octets of a card's packet: the card's number and the packet's.
    static bytes packet_of(std::int64_t card, std::uint8_t sequence) {
        bytes made(3);
        store_big_endian(made.data(), static_cast<std::uint64_t>(card), 3);
        made.push_back(sequence);
        return made;
    }

    // Answers the oldest request for a release.
    void load(std::uint8_t packets = 1, std::vector<loaded_chunk::stored_answer> stored = {}) {
        const auto request = journal.releases.front();
        journal.releases.pop_front();
        loaded_chunk made;
        made.held = request.held;
        for (auto card = request.held.first.value; card <= request.held.last.value; ++card) {
            made.targets.push_back(
                {cards::card_id{card}, subscriber(card), static_cast<std::uint32_t>(made.packets.size()), packets});
            for (std::uint8_t i = 0; i < packets; ++i) {
                const auto octets = packet_of(card, i);
                made.packets.push_back({static_cast<std::uint32_t>(made.arena.size()),
                                        static_cast<std::uint32_t>(octets.size()), static_cast<std::uint8_t>(card)});
                append(made.arena, octets);
            }
        }
        if (request.with_answers) made.answers = std::move(stored);
        made.awaited_by_others = awaited_by_others;
        core.on_loaded(std::move(made));
    }
    // The usual beginning: a link, one chunk, its packets on the way.
    void begin(std::int64_t cards, std::uint8_t packets = 1, chunk_state state = chunk_state::prepared,
               std::vector<loaded_chunk::stored_answer> stored = {}) {
        core.on_open();
        core.on_leased({chunk_of(0, cards, state)});
        load(packets, std::move(stored));
    }
    fake_network::sent take() {
        auto made = std::move(network.submitted.front());
        network.submitted.pop_front();
        return made;
    }
    fake_network::sent accept_next() {
        auto made = take();
        core.on_result(made.token, telecom::submit_result::accepted, 0);
        return made;
    }
    void receive(std::int64_t card, const bytes& user_data) {
        telecom::inbound_message message;
        message.handle = {1, ++handles};
        message.subscriber = subscriber(card);
        message.user_data = user_data;
        message.has_header = true;
        core.on_message(message);
    }
    void receipt(std::int64_t card, std::string_view state, std::uint16_t network_error = 0) {
        constexpr std::uint8_t gsm = 3;
        core.on_receipt({{1, ++handles}, subscriber(card), state, gsm, network_error});
    }
    // Everything asked of the journal becomes durable; what it wrote is kept in `written`.
    void write_all() {
        core.tick();
        while (!journal.batches.empty()) {
            auto batch = std::move(journal.batches.front());
            journal.batches.pop_front();
            for (const auto& one : batch.answers) answers.push_back(one);
            strangers += batch.strangers.size();
            for (const auto& one : batch.moves) moves.push_back(one);
            core.on_written(std::move(batch));
            core.tick();
        }
    }
    void pass(duration time) {
        clock.at += std::chrono::duration_cast<instant::duration>(time);
        core.tick();
    }

    std::vector<cards::card_id> awaited_by_others;  // of what load() loads
    fake_clock clock;
    fake_network network;
    fake_journal journal;
    exchange_core core;
    std::vector<journal_batch::answer> answers;
    std::vector<journal_batch::move> moves;
    std::size_t strangers = 0;
    std::uint32_t handles = 0;
};

}  // namespace tessera::campaigns::testing_world
