// The short message service centre of the simulated world: SMPP 3.4's server side and the control channel, without
// sockets. Octets and time go in, octets to write come out; smsc_server.h drives it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "codec/smpp_pdu.h"
#include "sim/faults.h"
#include "sim/limits.h"
#include "sim/phone_applet.h"
#include "sim/simulated_card.h"

namespace tessera::sim {

struct smsc_options {
    std::optional<std::string> system_id;  // without: any
    std::optional<std::string> password;
    std::size_t window = limits::deliver_window;  // deliver_sm without answer per link
    std::uint32_t rate = 0;  // submit_sm per second that it takes; more are answered ESME_RTHROTTLED; 0: any number
    bool first = true;       // of the centres before these cards: the faults per card are applied once
    fault_plan faults;
};

struct smsc_statistics {
    std::uint64_t submits = 0;          // every submit_sm that could be read
    std::uint64_t submits_refused = 0;  // those answered with a status other than 0, throttled ones included
    std::uint64_t executed = 0;         // packets that a card accepted
    std::uint64_t refused = 0;          // packets that a card refused with a security error
    std::uint64_t responses = 0;        // deliver_sm with a card's answer, repeated ones included
    std::uint64_t receipts = 0;         // deliver_sm with a delivery receipt
    std::uint64_t redeliveries = 0;     // of those, put back because no answer or a temporary refusal came
    std::uint64_t dropped = 0;          // deliver_sm refused for good by the receiver
    std::uint64_t waiting = 0;          // answers and receipts not yet acknowledged by a receiver
    std::uint64_t binds = 0;
    std::uint64_t unbinds = 0;
    std::uint64_t links_dropped = 0;
    std::array<std::uint64_t, static_cast<std::size_t>(fault::count)> faults{};  // how often each happened
    std::optional<timestamp> first_submit;
    std::optional<timestamp> last_submit;
};

// Not thread safe.
class smsc {
public:
    using link_id = std::uint32_t;

    // Applies the faults per card to `cards`, which must outlive it, unless another centre has done so.
    smsc(simulated_cards& cards, smsc_options options);
    ~smsc();
    smsc(const smsc&) = delete;
    smsc& operator=(const smsc&) = delete;

    // A TCP link came up; nothing if there are too many.
    [[nodiscard]] std::optional<link_id> opened(instant now);
    // `octets` is everything received and not consumed yet. Returns how many octets were consumed: whole PDUs or lines
    // only, and none while more than limits::link_output_octets wait to be written.
    [[nodiscard]] std::size_t on_bytes(link_id id, byte_view octets, instant now, timestamp wall);
    // The link is gone; what it was to deliver waits for the next bind.
    void closed(link_id id);
    // Some of its output was written: there may be room for more.
    void written(link_id id);
    void link_was_dropped() { ++statistics_.links_dropped; }

    // Sends what was held back until now. Call at next_due(), and once a second for the time-outs.
    void on_time(instant now);
    [[nodiscard]] std::optional<instant> next_due() const;

    // Links that may have something to write or are to be closed, since the last call.
    [[nodiscard]] std::vector<link_id> take_touched();
    [[nodiscard]] bytes& output(link_id id);
    [[nodiscard]] bool wants_close(link_id id) const;  // once its output is written
    [[nodiscard]] bool is_control(link_id id) const;
    [[nodiscard]] bool stop_requested() const { return stop_requested_; }  // by the control channel
    [[nodiscard]] bool kill_requested() const { return kill_requested_; }  // likewise: this centre alone is to die
    [[nodiscard]] const smsc_statistics& statistics() const { return statistics_; }

private:
    struct peer_address {
        std::uint8_t type_of_number = 0;
        std::uint8_t numbering_plan = 0;
        std::uint8_t size = 0;
        std::array<char, 21> digits{};
    };
    // A deliver_sm on its way to a receiver.
    struct delivery {
        std::uint64_t subscriber = 0;
        std::uint64_t message_id = 0;  // of the submit_sm that a receipt is for; 0: a card's answer
        peer_address destination;
        card_message content;
        bool expired = false;             // of a receipt: the validity ended
        std::uint16_t network_error = 0;  // likewise: why it was not delivered; 0: it was
        bool originated = false;          // the card sends it of its own accord
    };
    struct link;
    struct account {
        std::string system_id;
        std::deque<delivery> waiting;
        std::vector<link*> receivers;
        std::size_t turn = 0;
    };
    struct submission;
    struct held_back {
        account* to = nullptr;
        delivery what;
    };
    struct undelivered;

    // smsc.cpp: PDUs in
    void on_pdu(link& from, byte_view octets, instant now, timestamp wall);
    void on_bind(link& from, const codec::smpp::header& head, const codec::smpp::bind& body);
    std::uint32_t check_bind(const link& from, const codec::smpp::bind& body) const;
    void on_unbind(link& from, std::uint32_t sequence);
    void on_submit(link& from, const codec::smpp::header& head, const codec::smpp::short_message& message, instant now);
    std::uint32_t check_submit(const link& from, const codec::smpp::short_message& message, submission& accepted,
                               instant now);
    bool takes_one_more(instant now);
    void on_unserved(link& from, const codec::smpp::header& head);
    void on_malformed(link& from, const codec::smpp::header& head, const error& problem);
    std::size_t on_control(link& from, byte_view octets);
    [[nodiscard]] bool happens(fault kind, const submission& about, std::uint64_t copy = 0);

    // smsc_delivery.cpp: deliver_sm out
    void bring_to_card(account& sender, const submission& message, instant now);
    void issue_receipt(account& sender, const submission& message);
    void report_failure(account& sender, const submission& message, bool expired, std::uint16_t network_error);
    void schedule(account& to, delivery what, instant now, duration hold);
    // False: nobody to bring it to has bound yet.
    bool originate(const originated_message& message);
    void dispatch(account& to);
    [[nodiscard]] static link* receiver_with_room(account& of);
    void send(link& to, const delivery& what);
    void send_receipt(link& to, std::uint32_t sequence, const delivery& what);
    void on_delivery_answer(link& from, const codec::smpp::header& head, instant now);
    void take_back(link& from);
    account* account_of(std::string_view system_id);

    // smsc_retries.cpp: what cannot be delivered at once
    [[nodiscard]] std::uint16_t obstacle(const submission& message, std::uint64_t attempt, instant now);
    void keep(account& sender, const submission& message, std::uint16_t network_error, instant now);
    void put_off(undelivered what, std::uint16_t network_error, instant now);
    void deliver_again(instant now);

    void touch(link& which);
    [[nodiscard]] link& at(link_id id) const;

    simulated_cards& cards_;
    smsc_options options_;
    smsc_statistics statistics_;
    std::unordered_map<link_id, std::unique_ptr<link>> links_;
    link_id next_link_ = 1;
    std::vector<std::unique_ptr<account>> accounts_;
    std::map<std::pair<instant, std::uint64_t>, held_back> held_back_;
    std::uint64_t held_back_order_ = 0;
    std::multimap<instant, undelivered> undelivered_;  // by the time of the next try
    std::unordered_map<card_index, instant> absent_since_;
    std::uint64_t next_message_id_ = 0;
    std::vector<link_id> touched_;
    std::vector<card_message> answers_;      // of the card at work
    timestamp wall_{};                       // of the octets at work
    instant rate_free_at_ = instant::min();  // when the next submit_sm is within the rate
    bool stop_requested_ = false;
    bool kill_requested_ = false;
};

}  // namespace tessera::sim
