// The port between whoever has packets for cards and the radio network. Everything here happens on one thread, the
// event loop's: calls in and calls back never overlap, and a call in never calls back before it returned.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::telecom {

// An MSISDN's digits in international form, as a number: no leading zeros, no plus sign, at most 15 digits.
using subscriber_number = std::uint64_t;

struct outbound_message {
    subscriber_number subscriber = 0;
    byte_view packet;            // a whole command packet; split here into as many short messages as it takes
    std::uint8_t reference = 0;  // wanted for the concatenation, when there is one; derived from the packet
    std::uint64_t token = 0;     // comes back with the result
    // How long the network is to try; 0: as the settings of the SMSC say. At most limits::validity_max.
    std::chrono::seconds validity{0};
    bool receipt = false;  // a delivery receipt is wanted, whatever the settings say
    // Of an application on the terminal, which gets it in the card's place (3GPP TS 23.040 clause 9.2.3.24.4); 0: the
    // card gets it.
    std::uint16_t port = 0;
};
// Which port such an application sees as the sender's, and answers to.
inline constexpr std::uint16_t server_port = 16'001;

enum class submit_result : std::uint8_t {
    accepted,   // every part was taken over by the SMSC
    refused,    // a permanent status: the network will not deliver it
    exhausted,  // only temporary statuses, as often as limits allow
    link_lost,  // no answer before the link went down: it may have left
};

// Identifies an inbound message until it is acknowledged or refused, or its link is gone.
struct inbound_handle {
    std::uint64_t link = 0;
    std::uint32_t sequence = 0;
};

struct inbound_message {
    inbound_handle handle;
    subscriber_number subscriber = 0;   // the sender; 0 if its address has no digits
    std::string_view destination = {};  // the address that it was sent to, as the SMSC writes it; valid during the call
    byte_view user_data;                // UDH and data, raw; valid during the call
    bool has_header = false;            // user_data begins with a UDH
    std::uint8_t esm_class = 0;
};

struct inbound_receipt {
    inbound_handle handle;
    subscriber_number subscriber = 0;
    std::string_view state;  // DELIVRD, EXPIRED, UNDELIV, REJECTD, ...; valid during the call
    // Why it was not delivered, as the network says; 0: it does not. network_type: SMPP 3.4 clause 5.3.2.31 (3: GSM);
    // 0: the code came as text.
    std::uint8_t network_type = 0;
    std::uint16_t network_error = 0;
};

class network_events {
public:
    virtual ~network_events() = default;
    virtual void on_open() = 0;      // bound; submit may be called
    virtual void on_writable() = 0;  // submit() said no before and would say yes now
    virtual void on_result(std::uint64_t token, submit_result result, std::uint32_t command_status) = 0;
    virtual void on_message(const inbound_message& message) = 0;  // must be acknowledged or refused, now or later
    virtual void on_receipt(const inbound_receipt& receipt) = 0;  // likewise
    // Whether what this subscriber says is awaited here; of several users of one link, those who say so come first.
    [[nodiscard]] virtual bool awaits(subscriber_number /*subscriber*/) const { return false; }
    virtual void on_link_down(
        std::string_view why) = 0;                 // results of what was under way came before; it reconnects by itself
    virtual void on_closed() = 0;                  // after close()
    virtual void on_failed(const error& why) = 0;  // never coming back: bind refused, address that cannot be resolved
};

class network {
public:
    virtual ~network() = default;
    // Connects and binds; on_open follows. Reconnects after a loss, with back-off, until close().
    virtual void open() = 0;
    // False: window, rate or output buffer is full, or the link is down; wait for on_writable. True: on_result will
    // come, exactly once.
    [[nodiscard]] virtual bool submit(const outbound_message& message) = 0;
    virtual void acknowledge(const inbound_handle& handle) = 0;  // status 0; of a link that is gone: nothing happens
    virtual void refuse(const inbound_handle& handle, std::uint32_t command_status) = 0;
    // Unbinds, waits shortly for the answer, closes; on_closed follows. What was under way gets link_lost first.
    virtual void close() = 0;
};

}  // namespace tessera::telecom
