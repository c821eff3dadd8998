// What a card's raw answers mean. Evidence decides: a card is done or failed only because something was received that
// says so; silence stays unknown (C-8), and a replay that the card refused is not guessed at but read back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/secured_packet.h"
#include "operations/packet_builder.h"
#include "operations/script.h"

namespace tessera::operations {

// What a packet, or a round, was for.
enum class purpose : std::uint8_t {
    write = 0,      // the campaign's own job: of an audit, a first reading
    listen = 1,     // for an answer that was promised
    read_back = 2,  // whether a write was executed
    read = 3,       // whatever the files hold
    repeat = 4,     // the identical packets once more, since what ended the waiting for their answers was none
};
[[nodiscard]] std::string_view to_string(purpose what);

enum class outcome : std::uint8_t { done = 0, skipped = 1, failed = 2, unknown = 3 };
[[nodiscard]] std::string_view to_string(outcome what);
[[nodiscard]] std::optional<outcome> outcome_from(std::string_view text);

enum class cause_kind : std::uint8_t {
    none = 0,
    status_word = 1,        // value: SW; detail: which command of the script, from 1
    por_status = 2,         // value: response status; detail: 1 when the answer was unsecured
    smpp_status = 3,        // value: command_status
    no_key = 4,             // value: key version; detail: 1 when its key encryption key is what is missing
    no_answer = 5,          // detail: 1 when there was no link, and nothing has left
    no_subscriber = 6,      // the registry has no MSISDN
    read_back_differs = 7,  // value: which write, from 1
    unreadable_answer = 8,  // something came that no key of the card explains
    no_packet = 9,          // the packet could not be built: counter used up, key and algorithm at odds
    partly_executed = 10,   // value: commands executed, detail: commands sent; all that ran went well
    script_refused = 11,    // value: 90xx badly made (xx: script_fault), 83xx its chain is not known
    not_taken = 12,         // value: SW of the ENVELOPE that a card in a reader refused
    drift = 13,             // beside done: the card holds something else than expected; value: which file, from 1
    no_variable = 14,       // the card has no variable that the content asks for; value and detail: its name, packed
    bad_variable = 15,      // the card's own content does not fit the file; value: which write, from 1
};

struct cause {
    cause_kind kind = cause_kind::none;
    std::int64_t value = 0;
    std::int64_t detail = 0;
    friend bool operator==(const cause&, const cause&) = default;
};
// no_variable; names of limits::variable_name_octets at most, as cards::parse_variable_name has them.
[[nodiscard]] cause no_variable(std::string_view name);
[[nodiscard]] std::string_view to_string(cause_kind kind);
[[nodiscard]] std::string describe(const cause& why);  // "status_word 6a82 file not found, command 2"

enum class answer_kind : std::uint8_t {
    message = 0,        // user data of a short message from the card
    refused = 1,        // permanent SMPP status; nothing of the message had been accepted before
    refused_later = 2,  // permanent SMPP status, after an earlier sending had been accepted
};
struct raw_answer {
    answer_kind kind = answer_kind::message;
    std::uint32_t status = 0;  // SMPP status of a refusal
    byte_view octets;
    // It came in the latest round of this very campaign. Others count only when they name a packet by its counter.
    bool current = true;
};

struct sent_packet {
    std::uint64_t counter = 0;
    std::uint8_t commands = 0;
    byte_view expected;     // of a read-back: what the file should hold
    std::size_t write = 0;  // of a read-back: which write
    expectation expect = expectation::contents;
    byte_view version = {};  // of the load file that is expected
    script_role role = script_role::other;
};
// The packets of one round, in order of sequence, oldest round first.
struct sent_round {
    purpose what = purpose::write;
    std::vector<sent_packet> packets;
};

enum class decision : std::uint8_t {
    done,
    failed,
    unknown,
    listen,     // an interim answer: the real one follows
    read_back,  // may have been executed: ask the card
};
struct verdict {
    decision what = decision::unknown;
    cause why;
    bool stray = false;     // an answer belongs to none of the rounds given
    std::size_t round = 0;  // of the rounds given, the one that decided
};

// What a card that ran a packet returned.
struct executed_answer {
    std::uint8_t executed = 0;  // commands, the failing one included
    std::uint16_t status_word = 0;
    bytes data;  // of the last one
};

// An answer as far as it can be read.
struct decoded_answer {
    bytes octets;           // of the response packet
    bool readable = false;  // it is one, of that application; else nothing below holds
    bool credible = false;  // it carries the security that was asked for, and that is right
    std::uint8_t status = 0;
    std::uint64_t counter = 0;
    std::optional<executed_answer> executed;
};

// Not thread safe.
class judge {
public:
    // keys: the key set that the packets were built with. Answers in order of arrival.
    [[nodiscard]] verdict assess(const application_security& application, const cards::key_set& keys,
                                 std::span<const sent_round> rounds, std::span<const raw_answer> answers);

    // The believable answers to these packets, where one came; the first where there are several.
    [[nodiscard]] std::vector<std::optional<executed_answer>> answers_to(const application_security& application,
                                                                         const cards::key_set& keys,
                                                                         std::span<const sent_packet> packets,
                                                                         std::span<const raw_answer> answers);
    // Likewise to the one with this counter.
    [[nodiscard]] std::optional<executed_answer> answer_to(const application_security& application,
                                                           const cards::key_set& keys, std::uint64_t counter,
                                                           std::span<const raw_answer> answers);

    // Every whole response packet in the answers, in order.
    [[nodiscard]] std::vector<decoded_answer> decode(const application_security& application,
                                                     const cards::key_set& keys, std::span<const raw_answer> answers);

private:
    struct evidence;
    void weigh(byte_view packet, bool current, const codec::packet_security& security, const codec::packet_keys& keys,
               std::span<const sent_round> rounds, std::vector<std::vector<evidence>>& found, verdict& result);

    static void heed_refusal(std::span<const sent_round> rounds, const std::vector<std::vector<evidence>>& found,
                             verdict& result);

    codec::secured_packet_codec codec_;
    script_format format_ = script_format::compact;  // of the scripts that are judged
};

}  // namespace tessera::operations
