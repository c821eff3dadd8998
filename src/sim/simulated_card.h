// The cards: what one does with the user data of a short message, from reassembly to its proof of receipt.
// ETSI TS 102 225 clause 5 (security), 3GPP TS 31.115 (over SMS), ETSI TS 102 226 clause 8 (remote file management).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "codec/secured_packet.h"
#include "codec/sms_tpdu.h"
#include "sim/application_manager.h"
#include "sim/card_list.h"
#include "sim/command_interpreter.h"
#include "sim/file_store.h"
#include "sim/terminal_agent.h"

namespace tessera::sim {

// One short message from a card.
struct card_message {
    std::array<std::uint8_t, 140> octets{};  // UDH and response packet
    std::uint8_t size = 0;
    bool by_submit = true;  // SPI2: as a message of its own, not in the delivery report
    bool follows = false;   // comes later, after a status 0B
    [[nodiscard]] byte_view user_data() const { return byte_view(octets).first(size); }
};

struct message_faults {
    bool unsecured_error = false;
    bool response_follows = false;
    bool no_paths = false;
    bool one_part = false;
};

enum class card_reaction : std::uint8_t {
    nothing,   // more parts to come, or not a command packet: a card has nothing to say to it
    refused,   // a security error
    executed,  // the packet was accepted; its commands ran
};

// A packet that a card has executed, as its witness is told of it; valid during the call.
struct executed_packet {
    card_index card = no_card;
    const codec::packet_security& security;
    std::uint64_t counter = 0;
    byte_view script;
    byte_view response;  // what the script returned
};

struct file_reading {
    byte_view content;  // valid until the next call
    std::uint32_t executed = 0;
    std::uint64_t counter = 0;  // the highest that any application of this card accepted
};

// All cards of one simulator. Not thread safe.
class simulated_cards {
public:
    explicit simulated_cards(card_list cards);
    simulated_cards(const simulated_cards&) = delete;
    simulated_cards& operator=(const simulated_cards&) = delete;

    [[nodiscard]] card_list& list() { return cards_; }
    [[nodiscard]] const card_list& list() const { return cards_; }

    // `user_data` begins with UDHL. What the card answers is put into `answers` (cleared first), in sending order.
    card_reaction receive(card_index card, byte_view user_data, instant now, message_faults faults,
                          std::vector<card_message>& answers);
    [[nodiscard]] file_reading read(card_index card, file_index file) const;
    [[nodiscard]] file_reading read_setting(card_index terminal, std::string_view name) const;
    [[nodiscard]] const application_manager& applications_of_cards() const { return manager_; }
    [[nodiscard]] file_store& files() { return files_; }
    // Told of every packet that any card executes.
    void witness(std::function<void(const executed_packet&)> told) { witness_ = std::move(told); }
    // Forgets message parts that waited too long for the others.
    void expire(instant now) { parts_.expire(now); }

private:
    struct application {
        codec::toolkit_application_reference tar;
        file_index start;
        bool files;  // manages files; otherwise applications
    };
    struct request;

    static const std::array<application, 7>& applications();
    static constexpr std::uint8_t agent_slot = 7;  // behind the cards' applications
    static std::optional<std::uint8_t> slot_of(const request& job);
    void add_answer(request& job, byte_view user_data, bool follows);
    [[nodiscard]] std::uint64_t highest_counter(card_index card) const;
    card_reaction receive_packet(request& job, byte_view packet);
    std::optional<codec::response_status> find_keys(request& job);
    std::optional<codec::response_status> check_counter(request& job, std::uint64_t counter);
    std::uint64_t& counter_of(card_key_set& set, std::uint8_t slot);
    card_reaction refuse(request& job, codec::response_status status, std::uint64_t counter);
    card_reaction execute(request& job, std::uint64_t counter, byte_view script);
    void run_script(request& job, byte_view script);
    void run_in_chain(request& job, byte_view script);
    void change_keys(request& job, const key_change& change);
    void answer(request& job, codec::response_status status, std::uint64_t counter, byte_view data, bool unsecured,
                bool follows);

    card_list cards_;
    file_store files_;
    command_interpreter interpreter_;
    application_manager manager_;
    terminal_agents agents_;
    std::unordered_map<std::uint64_t, script_context> chains_;  // (card, application) in the middle of a chain
    codec::secured_packet_codec codec_;
    codec::reassembler parts_;
    std::unordered_map<std::uint64_t, std::uint64_t> more_counters_;  // (key set, application) beyond the first one
    std::function<void(const executed_packet&)> witness_;
    std::uint8_t response_reference_ = 0;
    bytes response_;
    bytes packet_;
};

}  // namespace tessera::sim
