// Messages that somebody claims for what they are, from whichever card and over whichever SMSC, whoever else uses the
// links; heard on a thread of his own. It does not make anybody bind.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "telecom/radio.h"

namespace tessera::telecom {

// Lies unacknowledged at the SMSC until acknowledge() or put_off().
struct claimed_message {
    std::string smsc;
    inbound_handle handle;
    subscriber_number subscriber = 0;
    std::size_t which = 0;  // as the recognizer said
    bytes user_data;
    bool has_header = false;
};

// Room for messages that are heard and not answered yet, by their number and their octets together.
class claim_room {
public:
    claim_room(std::size_t messages, std::size_t octets) : messages_(messages), octets_(octets) {}

    // False: there is none for a message of so many octets.
    [[nodiscard]] bool take(std::size_t octets) {
        if (messages_ == 0 || octets_ < octets) return false;
        --messages_;
        octets_ -= octets;
        return true;
    }
    void give_back(std::size_t octets) {
        ++messages_;
        octets_ += octets;
    }

private:
    std::size_t messages_, octets_;
};

// Used on the home loop's thread.
class claim_line {
public:
    // Nothing: not claimed. Called on the radio's thread for every message, so it shares nothing that changes.
    using recognizer = std::function<std::optional<std::size_t>(const inbound_message&)>;

    // As many as there is room for are unacknowledged at a time; more are put off. One such line for a radio at a time.
    claim_line(radio& over, net::event_loop& home, recognizer claims, std::function<void(claimed_message)> hear,
               claim_room room);
    // Waits until the radio's thread has let go of it.
    ~claim_line();
    claim_line(const claim_line&) = delete;
    claim_line& operator=(const claim_line&) = delete;

    void acknowledge(const claimed_message& message);
    // The SMSC is to bring it again.
    void put_off(const claimed_message& message);

private:
    class far_end;
    radio* radio_;
    std::shared_ptr<far_end> far_;
};

}  // namespace tessera::telecom
