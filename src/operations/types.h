// The nouns of single operations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/time.h"
#include "operations/image_update.h"
#include "operations/membership.h"
#include "operations/packet_builder.h"
#include "operations/script.h"
#include "operations/verdict.h"

namespace tessera::operations {

struct operation_tag;
using operation_key = strong_id<operation_tag>;  // short, for rows; the world sees the UUID

enum class operation_kind : std::uint8_t {
    write = 0,
    read = 1,
    run = 2,
    trial = 3,   // what a campaign writes, into one card in a reader
    resync = 4,  // finds a counter that a card takes which is ahead of ours, by a packet that changes nothing
    verify = 5,  // a reading that the image is compared with, and follows
    number = 6,  // nothing is sent: the card's MSISDN changed
};
[[nodiscard]] std::string_view to_string(operation_kind kind);

enum class operation_state : std::uint8_t { in_flight = 0, ended = 1 };

// What asks a card in a reader whether it ran what it may have run.
struct trial_question {
    script commands;
    bytes expected;
    std::size_t write = 0;  // which of the writes, or actions
    expectation expect = expectation::contents;
    bytes version;
};
// The packets of a campaign for one card, as they would go by the radio.
struct trial_plan {
    std::vector<script> packets;
    std::vector<trial_question> questions;
    std::string what;                  // "2 writes", for the card's history
    std::vector<std::string> dangers;  // of what is no write (danger.h)
};

// What is asked of one card.
struct single_request {
    std::string card;  // ICCID, IMSI or MSISDN
    operation_kind kind{};
    file_write file;                 // write: with its content; read and verify: without
    std::vector<bytes> commands;     // run: APDUs, in one packet
    std::vector<file_write> writes;  // trial: what its packets write into files
    trial_plan trial;
    // resync: the first value to try (default: the next), and how far beyond it to go.
    std::optional<std::uint64_t> counter;
    std::uint64_t leap_max = limits::counter_leap_default;
    application_security security;
    bool any_key_version = true;  // the card's highest, rather than the one that `security` names
    std::string smsc = "main";    // a name, or "auto": by prefixes
    duration por_timeout = std::chrono::seconds(30);
    int attempts = 3;           // sendings of the same octets, the first included
    std::size_t parts_max = 5;  // short messages that one packet may take
    std::string application;    // by its name in the catalogue of profiles, in place of the TAR
    script_style style;         // the desk takes it from the card's profile
    // Somebody takes the responsibility for what can make the card useless (danger.h): who; empty: nobody.
    std::string danger_approved_by;
    bool wait = false;  // for a card that a campaign or another operation keeps busy, instead of being refused
};

// One packet of a trial, and what the card said to it.
struct packet_report {
    std::uint64_t counter = 0;
    int sendings = 0;
    bytes octets;
    std::vector<decoded_answer> answers;
};

// What became of it.
struct single_answer {
    std::string id;  // of the operation; empty: it was refused before it began
    std::string iccid;
    outcome what = outcome::unknown;
    cause why;
    int packets = 0;
    int attempts = 0;                          // of the packet that took most
    std::uint8_t executed = 0;                 // commands, of the last packet
    std::optional<std::uint16_t> status_word;  // of the last command that ran
    std::uint64_t counter = 0;                 // resync: the value that the card took
    bytes data;                                // read, verify: the file's content; run: what the last one returned
    std::optional<comparison> compared;        // verify: the content with the image
    std::optional<bytes> expected;             // verify: what the image said, where it knew the file

    std::vector<packet_report> reports;   // trial
    std::optional<error> refused;         // with a code, where it was refused
    std::optional<inhibition> inhibited;  // by whom, where that was the reason
};

}  // namespace tessera::operations
