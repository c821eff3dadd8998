// Short messages: user data headers, concatenation both ways (3GPP TS 23.040 clause 9.2.3.24), SMS-DELIVER, and the
// ENVELOPE (SMS-PP download) that brings one into a card (TS 31.111).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"

namespace tessera::codec {

// What a user data header says that matters here. Unknown information elements are passed over.
struct user_data_header {
    struct concatenation {
        std::uint16_t reference = 0;
        std::uint8_t maximum = 1;
        std::uint8_t sequence = 1;
        bool wide = false;  // 16-bit reference
    };
    std::optional<concatenation> parts;
    bool command_packet = false;   // information element 70
    bool response_packet = false;  // information element 71
    std::optional<std::uint16_t> destination_port;
    std::optional<std::uint16_t> source_port;
    std::size_t octets = 0;  // of the header, its length octet included
};
// `user_data` begins with UDHL. Errors: truncated, bad_header (names the element).
[[nodiscard]] result<user_data_header> parse_user_data_header(byte_view user_data);

enum class packet_kind : std::uint8_t { command = 0x70, response = 0x71 };

// Cuts a packet into user data (UDH + octets, at most 140 each). A packet that fits one message gets `02 70 00`
// and no concatenation. reference_bits is 8 or 16. Errors: too_long (more than 255 parts), bad_reference (does not fit
// reference_bits).
[[nodiscard]] result<std::vector<bytes>> segment(byte_view packet, packet_kind kind, std::uint16_t reference,
                                                 int reference_bits);
// to_port: see application_ports.
[[nodiscard]] std::size_t part_count(std::size_t packet_octets, int reference_bits, bool to_port = false);

// Application ports of 16 bits (TS 23.040 clause 9.2.3.24.4): to an application of the terminal instead of the card.
struct application_ports {
    std::uint16_t destination = 0;
    std::uint16_t source = 0;
    friend bool operator==(const application_ports&, const application_ports&) = default;
};
// Likewise, for an application behind a port: every part names the ports, none has the element 70 or 71.
[[nodiscard]] result<std::vector<bytes>> segment_to_port(byte_view packet, const application_ports& ports,
                                                         std::uint16_t reference, int reference_bits);
// One part of that, into room of the caller, without allocating: part `index` (from 0) of `count` = part_count().
// Returns how many octets it took. The arguments are the caller's business: index < count <= 255, reference_bits 8
// or 16.
struct concatenation_plan {
    packet_kind kind = packet_kind::command;
    std::uint16_t reference = 0;
    int reference_bits = 8;
    std::size_t count = 1;
    std::optional<application_ports> ports = {};  // instead of `kind`
};
[[nodiscard]] std::size_t write_segment(byte_view packet, const concatenation_plan& plan, std::size_t index,
                                        std::span<std::uint8_t, limits::short_message_octets> to);

// Puts parts together again, in any order, of many senders at a time. Bounded: limits::reassembly_entries messages,
// each at most limits::message_parts parts, limits::reassembly_octets in all; where one more would be too many the
// oldest makes way. An entry not completed within `time_out` of its first part is forgotten. A part received twice is
// harmless; one that contradicts (other maximum) starts the message anew. `now` must not go backwards. Not thread safe.
class reassembler {
public:
    explicit reassembler(duration time_out) : time_out_(time_out) {}

    struct complete {
        bytes packet;  // headers removed
        bool command_packet = false;
        bool response_packet = false;
    };
    // Nothing: more parts to come. Errors: those of parse_user_data_header.
    [[nodiscard]] result<std::optional<complete>> add(std::uint64_t sender, byte_view user_data, instant now);
    // Forgets what is too old; returns how many messages that were.
    std::size_t expire(instant now);
    [[nodiscard]] std::size_t pending() const { return pending_.size(); }

private:
    struct key {
        std::uint64_t sender;
        std::uint32_t reference;  // bit 16 set for a wide reference
        friend bool operator==(const key&, const key&) = default;
    };
    struct key_hash {
        std::size_t operator()(const key& k) const noexcept;
    };
    struct part {
        std::uint8_t sequence;
        bytes octets;
    };
    struct entry {
        std::uint64_t serial = 0;  // of its place in by_age_
        std::uint8_t maximum = 0;
        bool command_packet = false;
        bool response_packet = false;
        std::size_t octets = 0;
        std::vector<part> parts;  // only those that came: a hostile maximum costs nothing
    };
    struct age {
        instant first_seen;
        std::uint64_t serial = 0;
        key of{};
    };
    using entries = std::unordered_map<key, entry, key_hash>;

    void forget(entries::iterator which);
    bool forget_oldest();
    void make_room(std::size_t octets);
    void drop_stale_ages();
    entry& begin_message(const key& id, const user_data_header& header, instant now);

    duration time_out_;
    entries pending_;
    std::deque<age> by_age_;  // in the order of first_seen; entries gone since are passed over by their serial
    std::uint64_t serials_ = 0;
    std::size_t octets_ = 0;  // what the entries cost, by estimate
};

// SMS-DELIVER TPDU (TS 23.040 clause 9.2.2.1): UDHI set, PID 7F, DCS F6 unless said otherwise.
struct sms_deliver {
    std::string originator = "0";  // digits
    std::uint8_t originator_type = 0x81;
    std::uint8_t protocol_id = 0x7f;
    std::uint8_t data_coding = 0xf6;
    std::array<std::uint8_t, 7> service_centre_time{};  // as on the wire
    bool more_messages = false;                         // true clears TP-MMS
    bool has_header = true;                             // TP-UDHI
    bytes user_data;
};
// Errors: bad_field (originator: more than 20 digits, or a character that is none of 0-9 * # a b c), too_long.
[[nodiscard]] result<bytes> encode_sms_deliver(const sms_deliver& message);
// Errors: truncated, bad_field (not an SMS-DELIVER, an address longer than 20 digits), bad_length (octets after TP-UD,
// or more than 140 of them).
[[nodiscard]] result<sms_deliver> decode_sms_deliver(byte_view tpdu);

// SMS-SUBMIT TPDU (TS 23.040 clause 9.2.2.2), as a card hands one to its terminal by SEND SHORT MESSAGE.
struct sms_submit {
    std::uint8_t reference = 0;     // TP-MR; the terminal gives the real one
    std::string destination = "0";  // digits
    std::uint8_t destination_type = 0x81;
    std::uint8_t protocol_id = 0;
    std::uint8_t data_coding = 0xf6;
    bytes validity;                  // TP-VP: nothing, 1 octet (relative) or 7 (enhanced, absolute)
    bool absolute_validity = false;  // of 7 octets: absolute
    bool has_header = true;          // TP-UDHI
    bytes user_data;
};
// Errors: bad_field (destination as in SMS-DELIVER, validity of another length), too_long.
[[nodiscard]] result<bytes> encode_sms_submit(const sms_submit& message);
// Errors: as decode_sms_deliver.
[[nodiscard]] result<sms_submit> decode_sms_submit(byte_view tpdu);

// ENVELOPE (SMS-PP DOWNLOAD): 80 C2 00 00 Lc D1 len 82 02 83 81 06 <address> 8B len <TPDU>. service_centre: digits in
// international form, a plus sign may stand before them. Errors: bad_field, too_long (Lc is one octet).
[[nodiscard]] result<bytes> encode_envelope(byte_view tpdu, std::string_view service_centre);

// Digits as swapped nibbles, F at an odd end (TS 23.040 clause 9.1.2.3); A-E are * # a b c. Decoding ends at the first
// F; encoding writes F for a character that is none of these.
[[nodiscard]] bytes encode_semi_octets(std::string_view digits);
[[nodiscard]] std::string decode_semi_octets(byte_view octets);

}  // namespace tessera::codec
