// One card in a reader, spoken to as its terminal would: activation, SMS-PP download by ENVELOPE (3GPP TS 31.111 clause
// 7.1), and the proactive commands by which it answers (ETSI TS 102 223). Octets in, octets out; no reader, no clock.
// Not thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "codec/proactive_command.h"

namespace tessera::telecom {

struct card_session_settings {
    std::string service_centre = "882390000000";  // TP-SCA of the ENVELOPE, digits
    std::string originator = "0";                 // TP-OA
    std::uint8_t originator_type = 0x81;
    std::uint8_t protocol_id = 0x7f;
    std::uint8_t data_coding = 0xf6;
    std::array<std::uint8_t, 7> service_centre_time{};  // TP-SCTS, as on the wire
    int reference_bits = 8;
    bool block_protocol = false;  // T=1: commands that bring data both ways carry an Le
    int busy_attempts = 20;       // of one ENVELOPE that the card is too busy for (9300)
    duration busy_pause = std::chrono::milliseconds(500);
};

class card_session {
public:
    explicit card_session(card_session_settings settings) : settings_(std::move(settings)) {}

    enum class step : std::uint8_t {
        transmit,  // command() is to be sent, its response goes to take()
        pause,     // the card is busy: wait for pause(), then go_on()
        rest,      // what was asked for is through; failed() says how
    };
    // After a reset: finds the class that the card speaks, reads EF.ICCID, tells by TERMINAL PROFILE what this terminal
    // can do, lets the card say what it wants to, and selects the USIM where there is one.
    [[nodiscard]] step activate();
    // A command packet as SMS-DELIVER, in as many ENVELOPEs as it takes. When at rest only.
    // Errors: bad_field, too_long, bad_reference.
    [[nodiscard]] result<step> download(byte_view packet, std::uint16_t reference);
    // STATUS, by which a card may say that it has something to say. When at rest only.
    [[nodiscard]] step poll();
    // Response data and status word. A response shorter than two octets ends what was under way.
    [[nodiscard]] step take(byte_view response);
    [[nodiscard]] step go_on();

    [[nodiscard]] byte_view command() const { return command_; }
    [[nodiscard]] duration pause() const { return settings_.busy_pause; }

    // Digits of EF.ICCID; known after activate().
    [[nodiscard]] const std::string& iccid() const { return iccid_; }
    // Why the latest activate(), download() or poll() came to nothing. Errors: no_uicc (no file system that we know),
    // no_iccid, not_taken (the card refused an ENVELOPE; its status word is refusal()), talkative, bad_response.
    [[nodiscard]] const std::optional<error>& failed() const { return failed_; }
    [[nodiscard]] std::uint16_t refusal() const { return refusal_; }

    // What the card said since the last call, in order: TP-UD of its delivery reports and of its SMS-SUBMITs.
    struct words {
        bytes user_data;
        bool by_submit = false;
    };
    [[nodiscard]] std::vector<words> take_words() { return std::exchange(words_, {}); }

    // Every command and response, bounded by limits::card_session_commands.
    struct exchange {
        std::string_view what;  // "ENVELOPE"; of FETCH and TERMINAL RESPONSE the proactive command, too
        std::string_view about;
        bytes command;
        bytes data;
        std::uint16_t status_word = 0;
    };
    [[nodiscard]] std::vector<exchange> take_trace() { return std::exchange(trace_, {}); }

private:
    enum class state : std::uint8_t {
        rest,
        select_mf,
        select_iccid,
        read_iccid,
        profile,
        select_usim,
        envelope,
        status_of_busy,
        status,
        fetch,
        terminal_response,
    };
    struct reply {
        bytes data;
        std::uint16_t status_word = 0;
        bool proactive = false;  // 91xx: the card has something to say
        std::uint8_t proactive_octets = 0;
    };

    step transmit(std::string_view what, bytes command);
    step correct_length(std::uint8_t length);
    step get_response(std::uint8_t length);
    step take_first(std::uint16_t status_word);
    step take_completion(std::uint16_t status_word);
    step whole_reply();
    step enter(state next);
    // What follows the reply to the command of that name.
    state after_select_mf();
    state after_read_iccid();
    state after_envelope();
    state after_fetch();
    state refuse(std::uint16_t status_word);
    state fail(std::string_view code, std::string_view field, std::string message);
    [[nodiscard]] bytes make(std::uint8_t ins, std::uint8_t p1, std::uint8_t p2, byte_view data) const;
    [[nodiscard]] bytes make_reading(std::uint8_t ins, std::uint8_t length) const;
    void begin();

    card_session_settings settings_;
    bool older_class_ = false;  // A0 of 3GPP TS 51.011: a SIM, or a UICC that knows no other
    state state_ = state::rest;
    state resume_ = state::rest;  // what follows when the proactive session is over
    std::string_view what_;
    bytes command_;
    reply reply_;
    bool completing_ = false;    // GET RESPONSE is under way
    bool keeps_status_ = false;  // the status word is the first one's, whatever GET RESPONSE says
    int corrections_ = 0;
    int proactive_commands_ = 0;
    int busy_ = 0;
    std::deque<bytes> envelopes_;
    std::optional<codec::proactive_command> asked_;
    codec::terminal_result answer_{};
    std::uint8_t fetch_octets_ = 0;

    std::string iccid_;
    std::optional<error> failed_;
    std::uint16_t refusal_ = 0;
    std::vector<words> words_;
    std::vector<exchange> trace_;
    std::size_t commands_ = 0;
};

}  // namespace tessera::telecom
