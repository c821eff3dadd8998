// Every queue, window, retry and batch has a limit, and every limit has its name here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tessera::limits {

// --- codec
inline constexpr std::size_t short_message_octets = 140;      // TP-UD of one SMS, 3GPP TS 23.040
inline constexpr std::size_t message_parts = 255;             // concatenation: one octet counts the parts
inline constexpr std::size_t secured_packet_octets = 33'660;  // what 255 parts of 132 octets carry at most
inline constexpr std::size_t smpp_pdu_octets = 65'536;        // a longer command_length closes the link
inline constexpr std::size_t smpp_optional_parameters = 64;   // of one PDU; SMPP 3.4 names 44 in all
inline constexpr std::size_t json_line_octets = 1'048'576;    // one line of `tessera ota` and `tessera ef`
inline constexpr std::size_t cap_octets = 4'194'304;          // a CAP file as it comes
inline constexpr std::size_t cap_entries = 1'024;             // of its archive, classes and manifests included
inline constexpr std::size_t load_file_octets = 65'535;       // its components, together and each
inline constexpr std::size_t file_value_depth = 8;            // lists and maps in one another, in a file's value

// --- telecom
inline constexpr std::size_t smpp_window = 10'000;   // largest configurable window
inline constexpr int smpp_submit_attempts = 5;       // of one short message, answered with a temporary status
inline constexpr int smpp_throttled_attempts = 100;  // likewise with throttled or queue_full, which slow down first
inline constexpr std::chrono::seconds validity_max{30 * 24 * 3600};     // of a short message; GSM knows up to 63 weeks
inline constexpr std::size_t smpp_unacknowledged_deliveries = 100'000;  // deliver_sm without answer; more are put off
inline constexpr std::size_t smpp_read_octets = 262'144;                // one read of a link
inline constexpr std::chrono::milliseconds smpp_unbind_wait{500};  // for unbind_resp, then the link is closed anyway
inline constexpr std::size_t smscs = 64;                           // [[smsc]] of one tessera.toml
inline constexpr std::size_t smsc_prefixes = 1'000;                // of one of them
inline constexpr std::size_t smpp_sessions = 16;                   // with one SMSC; transceivers, or pairs
inline constexpr std::size_t routed_waiting = 1'000;               // messages that wait for one of several SMSCs
inline constexpr std::chrono::milliseconds routed_tick{100};
inline constexpr std::chrono::seconds routed_retry{30};        // between binds at an SMSC that refused one for good
inline constexpr std::size_t open_references = 1'000'000;      // of concatenation, remembered as in use
inline constexpr std::chrono::hours reference_open{24};        // so long parts of a message may lie in the network
inline constexpr std::size_t reassembly_entries = 1'000'000;   // messages waiting for their other parts
inline constexpr std::size_t reassembly_octets = 134'217'728;  // what those may hold in all
inline constexpr std::size_t link_output_octets =
    1'048'576;  // octets waiting to be written before submits are held back

inline constexpr std::size_t card_session_commands = 4'096;          // to a card in a reader, for one thing asked of it
inline constexpr std::chrono::milliseconds card_poll_interval{250};  // STATUS to a card that has not answered yet
inline constexpr int proactive_commands = 64;  // that a card may give its terminal one after another

// --- cards
inline constexpr std::size_t csv_line_octets = 4'096;
inline constexpr std::size_t csv_record_lines = 16;            // that quoted fields may spread a record over
inline constexpr std::size_t profile_file_octets = 1'048'576;  // a catalogue of profiles
inline constexpr std::size_t profiles_per_file = 1'000;
inline constexpr std::size_t profile_tars = 64;     // applications of one profile
inline constexpr std::size_t profile_batches = 64;  // of one profile, each with a range of ICCIDs
inline constexpr std::size_t mapping_file_octets = 65'536;
inline constexpr std::size_t mapping_columns = 64;
inline constexpr std::size_t vendor_line_octets = 4'096;   // of a card vendor's file
inline constexpr std::size_t vendor_header_lines = 1'000;  // before its first card
inline constexpr std::size_t vendor_field_octets = 512;
inline constexpr std::size_t import_batch_rows = 20'000;    // one transaction of an import
inline constexpr std::size_t file_content_octets = 32'768;  // one EF, transparent
inline constexpr std::size_t tag_octets = 32;               // of one tag
inline constexpr std::size_t tags_per_card = 32;
inline constexpr std::size_t variable_name_octets = 24;
inline constexpr std::size_t variable_octets = 512;  // of one value
inline constexpr std::size_t variables_per_card = 32;

inline constexpr std::size_t number_changes = 1'000'000;  // MSISDNs that one file changes
inline constexpr std::int64_t former_holders = 8;         // of a number, that a late answer is tried with
inline constexpr std::int64_t late_rounds = 20;           // of a card, that it is tried with

// --- campaigns
inline constexpr std::size_t chunk_cards = 1'000;
inline constexpr std::size_t rounds = 20;  // write, then listening and reading back
// Rounds in which a card answered a first sending by refusing its counter: it is ahead of us. One alone may be the
// answer to a duplicate that the network made, while the real one was lost; so many in a row are not.
inline constexpr std::size_t fresh_refusals = 8;
inline constexpr std::size_t kept_chunks = 16;  // in memory, for cards that are looked at one by one
inline constexpr std::size_t writes_per_campaign = 64;
inline constexpr std::size_t packets_per_card =
    250;  // that a campaign's scripts, or reading back, may take; one octet counts
inline constexpr std::size_t applications_per_campaign = 16;
inline constexpr std::size_t answers_per_card = 4'096;  // looked at in one round; duplicates beyond prove nothing new
inline constexpr std::size_t campaign_file_octets = 1'048'576;
inline constexpr std::size_t campaign_file_mistakes = 100;    // then reading a list of targets ends
inline constexpr std::size_t target_list_items = 10'000'000;  // cards in a file that [targets] names
inline constexpr std::size_t target_list_line_octets = 256;
inline constexpr std::size_t target_tags = 32;       // in one selector
inline constexpr std::size_t image_conditions = 16;  // likewise
inline constexpr std::size_t selection_items = 900;  // cards that one statement names; longer lists take several

inline constexpr std::size_t resting_readers = 8;  // of one process; more are closed when they are given back

// --- a database server
inline constexpr std::size_t statements_queued = 256;             // sent before their answers are read
inline constexpr std::size_t rows_copied = 5'000;                 // at a time
inline constexpr std::size_t rows_fetched = 10'000;               // at a time, where there may be any number
inline constexpr std::chrono::seconds database_connect_wait{10};  // for one address
inline constexpr std::chrono::seconds database_silence{30};       // of a peer, after which the link is given up
inline constexpr std::chrono::seconds database_return_wait{30};   // that a transaction waits for a server to come back
inline constexpr std::chrono::milliseconds conflict_pause_max{200};  // before a transaction is run once more
inline constexpr int conflict_attempts = 80;                         // at one

inline constexpr std::chrono::milliseconds stop_wait{1'000};  // within which pause and cancel of a run take effect
inline constexpr std::chrono::milliseconds stop_look{20};     // so often a run that waits looks whether it is to stop

// --- counters of cards
// From here on the registry finds counters by an index; literally so in migrations and queries.
inline constexpr std::uint64_t counter_watched = 1'095'216'660'479;  // FFFFFFFFFF - 2^32
inline constexpr std::int64_t counter_left_warning = 1'000'000;      // fewer values left are told of
inline constexpr std::uint64_t counter_leap_default = 1'048'576;     // that finding a card's counter may skip
inline constexpr std::uint64_t counter_leap_max = 4'294'967'296;     // that may be asked for

// --- single operations
inline constexpr std::size_t single_operations = 10'000;  // under way or waiting in one process
inline constexpr std::int64_t unknown_operations = 8;     // of one card, that a late answer is held against
inline constexpr std::size_t strays_per_commit = 64;      // answers nobody awaits, kept in one transaction of the desk
inline constexpr std::size_t answers_for_others = 8;      // of one card, that an exchange expects beside its own
inline constexpr std::chrono::hours cancelled_answers_wait{24};   // that a cancelled campaign's may still come
inline constexpr std::int64_t late_cards_per_commit = 512;        // likewise settled, at most
inline constexpr std::chrono::milliseconds late_commit_time{30};  // and until then, so that operations wait for little
inline constexpr std::chrono::seconds late_look_time{1};          // then whoever settles them sees to campaigns again
inline constexpr std::chrono::seconds single_operation_wait{30};  // that the end of P1 waits for those under way
inline constexpr std::size_t card_trials = 16;                    // cards in readers at a time

// --- the local socket
inline constexpr std::size_t http_body_octets = 1'048'576;
inline constexpr std::size_t http_header_octets = 16'384;
inline constexpr std::size_t http_answer_octets = 16'777'216;
inline constexpr std::size_t local_connections = 1'000;
inline constexpr std::chrono::seconds http_read_wait{10};  // for a request to come whole

// --- the exchange
inline constexpr std::size_t open_chunks = 4'096;           // chunks with cards that an answer is awaited from
inline constexpr std::size_t exchange_loads = 4;            // chunks on their way out of the journal
inline constexpr std::uint8_t link_losses_per_packet = 10;  // that do not count as an attempt
inline constexpr std::size_t exchange_queue = 4'000;        // packets in memory that the link has no room for yet
inline constexpr std::size_t journal_pending_octets = 32'000'000;
inline constexpr std::size_t journal_pending = 100'000;   // answers not yet durable; then the network is asked to wait
inline constexpr std::chrono::seconds lease_time{120};    // of chunks, where the house says nothing
inline constexpr std::chrono::seconds lease_time_min{2};  // that it may say
inline constexpr std::chrono::seconds lease_time_max{3'600};
inline constexpr int lease_renewals = 4;  // in the time of a lease

}  // namespace tessera::limits
