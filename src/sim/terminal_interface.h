// One simulated card as a terminal sees it over its contacts: files, TERMINAL PROFILE, ENVELOPE (SMS-PP download), and
// the proactive session by which it sends short messages (ETSI TS 102 221, TS 102 223; 3GPP TS 31.111). T=0.
#pragma once

#include <deque>

#include "sim/simulated_card.h"

namespace tessera::sim {

struct terminal_faults {
    int busy = 0;         // so many ENVELOPEs get 9300 first
    int leave_after = 0;  // it is taken out after so many commands; 0: never
};

class terminal_interface {
public:
    // `cards` must outlive it.
    terminal_interface(simulated_cards& cards, card_index card, terminal_faults faults);

    // A reset, cold or warm: what it returns is the answer to it.
    [[nodiscard]] byte_view reset();
    // Response data and status word.
    [[nodiscard]] bytes transmit(byte_view command, instant now);
    [[nodiscard]] bool gone() const { return gone_; }

private:
    std::uint16_t execute(byte_view command, instant now, bytes& data);
    std::uint16_t envelope(byte_view content, instant now);
    std::uint16_t take_short_message(byte_view tpdu, instant now);
    std::uint16_t get_response(std::uint8_t length, bytes& data);
    std::uint16_t fetch(std::uint8_t length, bytes& data);
    std::uint16_t terminal_response(byte_view content);
    [[nodiscard]] std::uint16_t well() const;  // 9000, or 91xx when the card has something to say
    void say(const card_message& message);

    simulated_cards& cards_;
    card_index card_;
    terminal_faults faults_;
    command_interpreter interpreter_;
    bool profile_known_ = false;  // the terminal does SMS-PP download
    bool gone_ = false;
    bool fetched_ = false;  // the first of proactive_ waits for TERMINAL RESPONSE
    int commands_ = 0;
    bytes report_;  // what GET RESPONSE gives after an ENVELOPE
    std::deque<bytes> proactive_;
    std::uint8_t proactive_number_ = 0;
    std::vector<card_message> answers_;
};

}  // namespace tessera::sim
