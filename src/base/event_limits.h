// The limits of events of cards, and of triggers, beside those of limits.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tessera::limits {

// --- events of cards
inline constexpr std::chrono::hours event_repeat{24};            // a registration that tells nothing new: once in it
inline constexpr std::int64_t events_per_card_and_day = 100;     // recorded; the others change nothing
inline constexpr std::chrono::minutes event_clock_skew{10};      // that whoever tells of events may be ahead of us
inline constexpr std::size_t event_rules = 64;                   // [[event]] of one tessera.toml
inline constexpr std::size_t event_prefix_octets = 64;           // by which a rule knows a short message
inline constexpr std::size_t events_waiting = 10'000;            // short messages not yet durable; more are put off
inline constexpr std::size_t events_waiting_octets = 4'194'304;  // likewise; more than the longest message
inline constexpr std::size_t events_per_commit = 64;             // of them in one transaction
inline constexpr std::size_t events_per_request = 500;           // over the local socket
inline constexpr std::int64_t events_shown = 100;                // of one card, the latest
// Messages that belong to no card that is known: the newest are kept, the others counted.
inline constexpr std::int64_t unmatched_messages = 10'000;
inline constexpr std::int64_t unmatched_octets = 4'194'304;

// --- triggers
inline constexpr std::size_t triggers = 100;                     // of one data directory
inline constexpr std::size_t trigger_file_octets = 524'288;      // the campaigns made of it name cards besides
inline constexpr std::size_t trigger_list_items = 1'000;         // tags, or beginnings of IMEIs
inline constexpr std::int64_t triggered_cards = 10'000;          // of one campaign
inline constexpr std::int64_t triggers_per_card_and_day = 24;    // campaigns of one trigger
inline constexpr std::int64_t trigger_events_per_look = 50'000;  // of one trigger, before the next one's turn
inline constexpr std::int64_t refused_cards_shown = 100;         // of one trigger, the latest
inline constexpr int trigger_tries_per_look = 32;                // campaigns made, or refused, for one trigger
inline constexpr std::chrono::seconds trigger_retry{30};         // after a refusal that does not lie with the cards

}  // namespace tessera::limits
