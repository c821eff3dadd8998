// What goes wrong in the simulated world, and how often: the fault file. Every decision derives from the seed, the kind
// of fault, the card and the ordinal of the message at that card, so neither timing nor the order between cards
// matters. Thread safe: constant after loading.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace tessera::sim {

enum class fault : std::uint8_t {
    // per message
    lose_submit,                  // accepted by the SMSC, never seen by the card
    lose_response,                // the card did its work, its answer is lost
    duplicate,                    // the card gets the message twice
    reorder,                      // the answer is held back past later ones
    throttle,                     // submit_sm is answered ESME_RTHROTTLED
    queue_full,                   // submit_sm is answered ESME_RMSGQFUL
    unsecured_error,              // a security error comes unsecured, its counter zero, a replay as 06
    response_follows,             // status 0B first, the real answer later
    receipt_before_submit_resp,   // the delivery receipt is sent before submit_sm_resp
    response_before_submit_resp,  // so is the card's answer
    // per card
    card_off,        // never answers
    card_wrong_key,  // its keys differ from the file's
    card_no_paths,   // it refuses SELECT by path
    card_one_part,   // an answer of more than one short message never comes
    card_absent,     // out of reach from its first message on, for absent_for
    // per try to deliver
    card_busy,  // SW 9300, TP-FCS D4: the centre is to try again
    count
};

struct fault_plan {
    std::uint64_t seed = 1;
    std::array<double, static_cast<std::size_t>(fault::count)> probability{};  // 0..1
    duration delay{0};                                                         // of a card's answer
    duration drop_link_every{0};  // TCP links are reset so often; zero: never
    duration response_follows_delay = std::chrono::milliseconds(200);
    duration absent_for{0};                           // zero: for ever
    duration smsc_retry = std::chrono::seconds(1);    // between two tries to deliver; zero: the centre tries once
    duration smsc_validity = std::chrono::hours(24);  // of a message that names none

    // Keys are the names above, and those of the durations ("50ms"). Errors carry "NAME:LINE
    // KEY": bad_fault_file (TOML that does not parse), unknown_key, out_of_range, bad_duration.
    [[nodiscard]] static result<fault_plan> parse(std::string_view toml, std::string_view name, std::uint64_t seed);
    // Errors besides: unreadable.
    [[nodiscard]] static result<fault_plan> load(const std::filesystem::path& file, std::uint64_t seed);

    // `card` is the card's identity hash; `ordinal` counts its messages, 0 for what is decided once per card.
    [[nodiscard]] bool happens(fault kind, std::uint64_t card, std::uint64_t ordinal) const {
        const double chance = probability[static_cast<std::size_t>(kind)];
        return chance > 0 && draw(kind, card, ordinal) < chance;
    }

private:
    [[nodiscard]] double draw(fault kind, std::uint64_t card, std::uint64_t ordinal) const;  // 0 <= x < 1
};

}  // namespace tessera::sim
