// The states of a campaign and of a chunk, as tables of what may follow what. Everything that is not in a table is
// refused.
#pragma once

#include <array>
#include <optional>

#include "campaigns/types.h"

namespace tessera::campaigns {

enum class campaign_event : std::uint8_t { begin, pause, resume, finish, cancel, wait, stop, approve };

struct campaign_transition {
    campaign_state from;
    campaign_event event;
    campaign_state to;
};
inline constexpr std::array<campaign_transition, 15> campaign_transitions{{
    {campaign_state::created, campaign_event::begin, campaign_state::running},
    {campaign_state::created, campaign_event::pause, campaign_state::paused},  // to be begun by resume
    {campaign_state::created, campaign_event::cancel, campaign_state::cancelled},
    {campaign_state::running, campaign_event::resume, campaign_state::running},  // takes over a dead process's work
    {campaign_state::running, campaign_event::pause, campaign_state::paused},
    {campaign_state::running, campaign_event::finish, campaign_state::finished},
    {campaign_state::running, campaign_event::cancel, campaign_state::cancelled},
    {campaign_state::paused, campaign_event::resume, campaign_state::running},
    {campaign_state::paused, campaign_event::cancel, campaign_state::cancelled},
    {campaign_state::running, campaign_event::wait, campaign_state::waiting},
    {campaign_state::running, campaign_event::stop, campaign_state::stopped},
    {campaign_state::waiting, campaign_event::approve, campaign_state::paused},
    {campaign_state::waiting, campaign_event::cancel, campaign_state::cancelled},
    {campaign_state::stopped, campaign_event::approve, campaign_state::paused},
    {campaign_state::stopped, campaign_event::cancel, campaign_state::cancelled},
}};

[[nodiscard]] constexpr std::optional<campaign_state> next_state(campaign_state from, campaign_event event) {
    for (const auto& row : campaign_transitions)
        if (row.from == from && row.event == event) return row.to;
    return std::nullopt;
}

// A round goes through its phases in this order and no other (C-3 to C-5).
[[nodiscard]] constexpr phase next_phase(phase now) {
    switch (now) {
        case phase::none:
            return phase::prepare;
        case phase::prepare:
            return phase::exchange;
        case phase::exchange:
            return phase::settle;
        case phase::settle:
            return phase::none;
    }
    return phase::none;
}

// The state that a phase takes chunks from, and the one it leaves them in.
struct chunk_step {
    chunk_state from;
    chunk_state to;
};
[[nodiscard]] constexpr chunk_step step_of(phase which) {
    switch (which) {
        case phase::prepare:
            return {chunk_state::created, chunk_state::prepared};
        case phase::exchange:
            return {chunk_state::prepared, chunk_state::closed};  // by way of released
        default:
            return {chunk_state::closed, chunk_state::settled};
    }
}

}  // namespace tessera::campaigns
