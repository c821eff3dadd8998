// The nouns of campaigns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "campaigns/image_condition.h"
#include "campaigns/retry_rules.h"
#include "campaigns/send_window.h"
#include "campaigns/trigger.h"
#include "campaigns/wave.h"
#include "cards/types.h"
#include "codec/file_value.h"
#include "operations/application_script.h"
#include "operations/packet_builder.h"
#include "operations/planned_reading.h"
#include "operations/script.h"
#include "operations/verdict.h"
#include "telecom/route.h"

namespace tessera::campaigns {

struct campaign_tag;
using campaign_key = strong_id<campaign_tag>;  // short, for rows; the world sees the UUID

enum class campaign_state : std::uint8_t {
    created = 0,
    running = 1,
    paused = 2,
    finished = 3,
    cancelled = 4,
    waiting = 5,  // between waves, for somebody's approval
    stopped = 6,  // by a threshold of a wave
};
enum class phase : std::uint8_t { none = 0, prepare = 1, exchange = 2, settle = 3 };
[[nodiscard]] std::string_view to_string(campaign_state state);
[[nodiscard]] std::string_view to_string(phase which);

// What the outcomes of another campaign say about a card; the latest outcome counts.
struct earlier_outcome {
    campaign_key campaign;
    std::vector<operations::outcome> outcomes;  // any of these
    bool drifted = false;                       // or this: an audit found something else than expected
    bool not_sent = false;                      // or none at all: nothing was sent to it
};

// Each that is set says something about a card.
struct card_selectors {
    std::optional<std::string> profile;
    std::vector<std::vector<cards::card_id>> lists;  // a card belongs to one by standing in it; in rising order
    std::optional<std::pair<std::string, std::string>> iccid_range;  // both ends belong to a range
    std::optional<std::pair<std::string, std::string>> imsi_range;
    std::optional<std::pair<std::uint64_t, std::uint64_t>> msisdn_range;
    std::vector<std::string> tags;  // any of these
    std::optional<earlier_outcome> earlier;
    std::vector<image_condition> image;  // all of these
};

// Cards, mobile terminals with an agent (C-1), or both.
enum class target_kind : std::uint8_t { cards, terminals, both };

// Which ones: those of which every selector of `include` holds and none of `exclude`. No selector: all.
struct target_selection {
    card_selectors include;
    card_selectors exclude;
    target_kind kind = target_kind::cards;  // by what the campaign has for them
};

// A write whose content has variables of the card: a text in hexadecimal, or a value.
struct personal_write {
    std::size_t write = 0;  // which of the definition's, whose content is empty
    std::string content;    // where there is no value
    std::optional<codec::file_value> value;
    std::optional<std::size_t> length;
    bool as_text = false;  // of a setting: the content is the text itself
};

// What mobile terminals get where cards get files.
struct terminal_part {
    std::vector<operations::file_write> settings;                        // operations/setting.h
    std::vector<personal_write> personal;                                // which of them are every terminal's own
    codec::toolkit_application_reference application{0xb2, 0x01, 0x50};  // of the agent
};

// By which SMSCs, and when a link has room for one of several campaigns.
struct radio_way {
    telecom::route smscs;
    int priority = 5;  // 1..9; the lower goes first, after single operations
    [[nodiscard]] telecom::link_rank rank() const { return static_cast<telecom::link_rank>(priority); }
};

// When and how long the network tries, and when the same octets go again.
struct sending_rules {
    retry_rules retries;
    std::chrono::seconds validity{0};  // of each short message; 0: as the SMSC's settings say
    // What the SMSC may still be trying to deliver is not sent again before its validity ended.
    bool wait_validity = false;
};

// What a campaign file leaves to the catalogue of profiles, and where (lines, for errors; 0: nowhere).
struct profile_terms {
    std::string application;  // by name, in place of the TAR; empty: the TAR is given
    bool cc_len_given = false, parts_max_given = false;
    std::size_t application_line = 0, spi_line = 0, cc_len_line = 0, parts_max_line = 0, writes_line = 0;
};

// The components of a CAP file, as they were when the campaign was created.
struct load_file {
    std::string name;  // as the campaign file has it
    bytes components;
};

// A card's key set is replaced by one that is made for it.
struct key_rotation {
    std::uint8_t replaced = 0;  // version, by which the campaign speaks
    std::uint8_t version = 0;   // of the new one
    crypto::cipher_algorithm algorithm = crypto::cipher_algorithm::aes128;
    bool keeps_old = false;  // the new key set is added; else it takes the old one's place on the card
};

// What a campaign file says. It does one kind of thing: it writes files, reads them, changes
// applications, or rotates keys. To write files of cards and settings of terminals is one kind; who looks at either
// takes its side of the campaign (target_sides.h).
struct definition {
    std::string name;
    target_selection targets;
    operations::application_security security;
    std::vector<operations::file_write> writes;
    std::vector<personal_write> personal;  // which of the writes are every card's own
    std::optional<terminal_part> terminals;
    std::vector<operations::file_read> reads;  // of an audit, which writes nothing
    std::vector<operations::application_action> applications;
    std::optional<key_rotation> rotation;
    std::vector<load_file> load_files;  // read from the disk just now
    bool current_key_set = false;       // each card by its own; security.key_version where its keys never changed
    bool chaining = false;              // expanded scripts of a card are one chain
    radio_way way;
    duration por_timeout = std::chrono::seconds(60);
    int attempts = 3;           // sendings of the same octets within one exchange, the first included
    std::size_t parts_max = 5;  // short messages that one packet may take
    sending_rules sending_again;
    profile_terms profiles;
    operations::script_style style;  // as the catalogue of profiles decided
    wave_rules waves;
    std::optional<window_rule> window;     // nothing: at any time
    std::optional<trigger_terms> trigger;  // of the file of a trigger: which events choose the targets

    [[nodiscard]] bool is_personal() const { return !personal.empty(); }
    [[nodiscard]] bool is_audit() const { return !reads.empty(); }
    // A terminals' side: its writes are settings.
    [[nodiscard]] bool is_for_terminals() const { return targets.kind == target_kind::terminals; }
};

struct campaign {
    campaign_key key;
    std::string id;
    std::string name;
    std::string definition_text;  // the file as it was given; parsed again whenever it is needed
    campaign_state state = campaign_state::created;
    int round = 0;
    campaigns::phase phase = phase::none;
    std::int64_t targets = 0;
    timestamp created_at;
    std::optional<timestamp> finished_at;
};

enum class chunk_state : std::uint8_t {
    created = 0,   // to be prepared
    prepared = 1,  // every message of it is in the buffer
    released = 2,  // its packets may have left
    closed = 3,    // nothing more is awaited
    settled = 4,
};

struct chunk_id {
    campaign_key campaign;
    int round = 0;
    std::int64_t number = 0;
    friend auto operator<=>(const chunk_id&, const chunk_id&) = default;
};

// Outcomes as they are counted, never over cards.
struct outcome_counts {
    std::int64_t done = 0, skipped = 0, failed = 0, unknown = 0;
    [[nodiscard]] std::int64_t total() const { return done + skipped + failed + unknown; }
    void count(operations::outcome what, std::int64_t by = 1) {
        std::int64_t* const places[] = {&done, &skipped, &failed, &unknown};
        *places[static_cast<std::size_t>(what)] += by;
    }
    outcome_counts& operator+=(const outcome_counts& other) {
        done += other.done, skipped += other.skipped, failed += other.failed, unknown += other.unknown;
        return *this;
    }
};

struct chunk {
    chunk_id id;
    cards::card_id first, last;
    std::int64_t targets = 0;
    chunk_state state = chunk_state::created;
    std::int64_t epoch = 0;  // the lease under which it is held
    int attempt = 0;
};

// What stands in a chunk's row beside its state; sums of these are a round's progress.
struct chunk_progress {
    std::int64_t prepared = 0, sent = 0, answered = 0, next_round = 0;
    outcome_counts outcomes;
};

struct card_outcome {
    cards::card_id card;
    operations::outcome what = operations::outcome::unknown;
    operations::cause why;
    int attempts = 0;
};

}  // namespace tessera::campaigns
