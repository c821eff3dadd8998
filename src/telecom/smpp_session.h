// An ESME's side of SMPP 3.4 without sockets: octets and time go in, octets, calls of network_events and the next
// deadline come out. smpp_link drives it; tests drive it with bytes and a clock of their own.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "codec/smpp_pdu.h"
#include "telecom/network.h"
#include "telecom/session_commons.h"
#include "telecom/smsc_settings.h"
#include "telecom/submit_table.h"

namespace tessera::telecom {

// One session object serves one connection after another; what was learned about the SMSC's rate stays in `commons`.
//
// A receiver takes no submits. What a transmitter is brought, against clause 4.6, is taken all the same.
//
// Calls of network_events happen only inside on_octets, on_time, on_drained and disconnected; of them this class uses
// on_open, on_writable, on_result, on_message and on_receipt. Inside these, submit, acknowledge, refuse and close may
// be called. All arguments must outlive the session. Not thread safe; `now` must not go backwards.
class smpp_session {
public:
    enum class phase : std::uint8_t {
        down,       // no connection
        binding,    // its bind left
        open,       // bound
        unbinding,  // unbind left
        ended,      // write what output() holds, then close the connection and say disconnected(); see ending()
    };
    enum class ending_kind : std::uint8_t {
        lost,     // worth another connection
        refused,  // the bind was refused for good, or cannot be encoded
        closed,   // as asked by close()
    };
    struct ending {
        ending_kind kind = ending_kind::lost;
        std::string why;  // for people; nothing the peer wrote
    };

    smpp_session(const smsc_settings& settings, session_commons& commons, network_events& events,
                 session_kind kind = session_kind::transceiver);

    void connected(instant now);
    void on_octets(byte_view octets, instant now);
    void on_time(instant now);     // when next_deadline() has come, or any time
    void on_drained(instant now);  // output() was taken away to be written
    void disconnected();           // what was under way gets link_lost

    // As in network.h.
    [[nodiscard]] bool submit(const outbound_message& message, instant now);
    void acknowledge(const inbound_handle& handle);
    void refuse(const inbound_handle& handle, std::uint32_t command_status);
    void close(instant now);

    [[nodiscard]] phase state() const { return phase_; }
    [[nodiscard]] const ending& end() const { return ending_; }
    [[nodiscard]] bool was_bound() const { return was_bound_; }  // on_open was called for this connection
    [[nodiscard]] bytes& output() { return output_; }            // the driver swaps it for an empty one
    [[nodiscard]] bool wants_input() const;  // false: the peer does not read what it makes us answer
    [[nodiscard]] std::optional<instant> next_deadline();
    [[nodiscard]] double submits_per_second() const { return commons_.rate().per_second(); }  // 0: unlimited

private:
    struct repeat {
        instant due;
        submit_table::index part;
        friend bool operator>(const repeat& left, const repeat& right) { return left.due > right.due; }
    };

    void take_pdu(byte_view octets, instant now);
    void take_response(const codec::smpp::header& head, instant now);
    void take_request(const codec::smpp::pdu& unit);
    void take_delivery(const codec::smpp::header& head, const codec::smpp::short_message& message);
    void take_bind_response(std::uint32_t status);
    void answer_undecodable(const codec::smpp::header& head, const error& problem, instant now);
    void refuse_request(codec::smpp::command id, std::uint32_t sequence, std::uint32_t status);
    void respond_to_delivery(const inbound_handle& handle, std::uint32_t status);

    void settle_part(submit_table::index part, std::uint32_t status, instant now);
    void finish_part(submit_table::index part);
    void repeat_later(submit_table::index part, int times, instant now);
    void send_part(submit_table::index part, instant now);
    void send_what_waits(instant now);
    void check_time_outs(instant now);
    void say_writable(instant now);
    [[nodiscard]] bool may_send(instant now) const;
    [[nodiscard]] bool may_take_on(instant now) const;
    void finish(ending_kind kind, std::string why);

    const smsc_settings& settings_;
    session_commons& commons_;
    network_events& events_;
    submit_table table_;
    session_kind kind_;
    codec::smpp::short_message template_;  // what all submits have in common

    phase phase_ = phase::down;
    ending ending_;
    std::uint64_t epoch_ = 0;  // of the connection, in handles
    bytes input_;              // the beginning of a PDU
    bytes output_;
    std::deque<submit_table::index> waiting_;  // parts that never left
    std::vector<repeat> repeats_;              // a heap, the next due first
    std::vector<std::uint64_t> unsendable_;    // tokens of messages that cannot be cut up
    std::size_t unacknowledged_ = 0;
    bool was_bound_ = false;
    bool said_no_ = false;  // on_writable is owed
    instant last_heard_{};
    instant answer_by_{};  // of bind and unbind
    std::optional<instant> enquired_;
};

}  // namespace tessera::telecom
