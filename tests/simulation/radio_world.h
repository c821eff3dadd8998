// The world outside: the SMSC and the cards of src/sim behind a wire with delays, and a witness who reads along. He
// keeps a ledger of every packet that the server gave to the SMSC and of everything that a card executed, from what
// passes by and from nothing that the server says of itself.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sim/card_list.h"
#include "sim/simulated_card.h"
#include "sim/smsc.h"
#include "virtual_machine.h"

namespace tessera::simulation {

// What a stranger who can send short messages to the server, or a card out of order, puts in between; probabilities for
// every packet that passes.
struct forgeries {
    double unsecured_ok = 0;     // "00, all commands executed", without security
    double wrong_counter = 0;    // a secured one, about a packet that was never sent
    double wrong_checksum = 0;   // likewise, with our counter and a bit of the checksum turned
    double unsecured_error = 0;  // a complaint out of nothing
    double replayed = 0;         // an answer that the card gave earlier
    [[nodiscard]] bool any() const {
        return unsecured_ok + wrong_counter + wrong_checksum + unsecured_error + replayed > 0;
    }
};

struct outside_options {
    sim::fault_plan faults;
    forgeries forged;
    duration wire_delay_max = std::chrono::milliseconds(3);
    std::size_t smsc_window = 1'000;
    std::uint32_t smsc_rate = 0;
    double refuse_submit = 0;     // subscribers whose messages get a permanent status; their cards get none
    double lose_submit_resp = 0;  // the link breaks in place of the answer
    double lose_delivery = 0;     // the link breaks in place of a deliver_sm
};

// One packet, as the witness knows it.
struct witnessed_packet {
    std::string iccid;
    bytes octets;
    std::uint64_t counter = 0;
    std::uint8_t key_version = 0;
    codec::packet_security security;
    bytes script;
    int sendings = 0;
    int executions = 0;
    bool answered_well = false;  // the server acknowledged the card's whole answer to it
};

class radio_world {
public:
    // `registry` and `fleet`: the cards as the operator has them in his files, and as they are.
    radio_world(virtual_machine& machine, std::uint64_t seed, const std::string& registry, const std::string& fleet,
                const outside_options& options);

    // --- the wire, for virtual_link.cpp
    struct connection;
    using on_octets = std::function<void(bytes)>;
    using on_end = std::function<void(std::string)>;
    // Null: nobody takes the call.
    [[nodiscard]] std::shared_ptr<connection> connect(on_octets octets, on_end end);
    void write(const std::shared_ptr<connection>& to, bytes octets);
    void close(const std::shared_ptr<connection>& which);

    // --- what happens to it
    void drop_links(const std::string& why);
    void be_unreachable(duration how_long);
    // The server's process is gone, or one of several: so are its connections, and what it had not sent.
    void server_died(std::optional<process_id> which = std::nullopt);
    // No forgeries, and no links that break: what lies at the SMSC gets through.
    void be_kind() {
        options_.forged = {};
        options_.lose_delivery = options_.lose_submit_resp = 0;
    }
    [[nodiscard]] bool quiet() const;  // nothing lies at the SMSC any more

    // --- the witness
    [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
    void accuse(const std::string& what);
    [[nodiscard]] const std::map<std::pair<std::string, std::uint64_t>, witnessed_packet>& ledger() const {
        return ledger_;
    }
    // How often a card executed a packet whose script holds these octets.
    [[nodiscard]] int executions(const std::string& iccid, byte_view marker) const;
    [[nodiscard]] std::vector<const witnessed_packet*> packets_with(const std::string& iccid, byte_view marker) const;
    [[nodiscard]] bool was_spoken_for(const std::string& iccid) const { return spoken_for_.contains(iccid); }
    // Some of a packet's short messages reached the SMSC, and the rest did not: no ledger has it.
    [[nodiscard]] bool was_begun_with(const std::string& iccid) const;
    [[nodiscard]] std::uint64_t highest_counter(const std::string& iccid) const;
    [[nodiscard]] sim::simulated_cards& cards() { return *cards_; }
    [[nodiscard]] const sim::smsc_statistics& statistics() const { return centre_->statistics(); }
    // A hash over everything that passed, and when.
    [[nodiscard]] std::uint64_t trace() const { return trace_; }
    void trace(std::string_view what);
    std::function<void(const std::string&)> tell;  // a line for whoever watches
    std::function<void()> on_submit;               // before a submit_sm of the server is looked at

private:
    void deliver(const std::shared_ptr<connection>& to, bytes octets);
    void break_off(const std::shared_ptr<connection>& which);
    void arrive(const std::shared_ptr<connection>& at);
    void flush();
    void arm();
    void end(const std::shared_ptr<connection>& which, const std::string& why);
    bool read_along(const std::shared_ptr<connection>& from, byte_view pdu);
    [[nodiscard]] bool refuses(std::uint64_t subscriber) const;
    void see_submit(const std::shared_ptr<connection>& from, std::uint64_t subscriber, byte_view user_data);
    bool see_packet(const std::shared_ptr<connection>& from, sim::card_index card, byte_view packet, bool joined);
    std::optional<const witnessed_packet*> note_packet(const std::string& iccid, byte_view packet, bool joined);
    void read_again(const std::string& iccid);
    [[nodiscard]] std::optional<codec::packet_keys> keys_of(const std::string& iccid, std::uint8_t version,
                                                            byte_view tar);
    void see_execution(const sim::executed_packet& what);
    void see_delivery(connection& to, byte_view pdu);
    void see_acknowledgement(connection& from, std::uint32_t sequence);
    void forge(const std::shared_ptr<connection>& to, const witnessed_packet& about, sim::card_index card);
    void inject(const std::shared_ptr<connection>& to, std::uint64_t subscriber, bytes user_data);
    duration some_delay();

    virtual_machine* machine_;
    seeded_random random_;
    outside_options options_;
    sim::card_list registered_;  // with the operator's keys
    std::unique_ptr<sim::simulated_cards> cards_;
    std::unique_ptr<sim::smsc> centre_;
    std::vector<std::shared_ptr<connection>> connections_;
    std::optional<instant> armed_;
    instant reachable_from_{};
    codec::secured_packet_codec codec_;
    // By subscriber, reference and number of parts.
    std::map<std::tuple<std::uint64_t, std::uint16_t, std::uint8_t>, std::map<std::uint8_t, bytes>> parts_;
    codec::reassembler answer_parts_;
    std::map<std::pair<std::string, std::uint64_t>, witnessed_packet> ledger_;  // by card, and key version and counter
    std::map<std::string, std::vector<std::pair<bytes, bool>>> unread_;  // under keys that their card does not have yet
    std::map<std::uint64_t, std::vector<bytes>> said_;                   // by subscriber: answers of its card
    std::set<std::string> spoken_for_;                                   // a stranger said something in their name
    std::vector<std::string> violations_;
    std::uint32_t forged_sequence_ = 0x40000000;
    std::uint64_t trace_ = 0;
};

}  // namespace tessera::simulation
