// What is drawn from a seed before a run begins: cards, how the world treats them, and what the operator wants. What
// happens when is drawn as the run goes (simulation_run.cpp).
#pragma once

#include <string>
#include <vector>

#include "radio_world.h"
#include "server.h"

namespace tessera::simulation {

struct planned_card {
    std::string iccid;
    std::uint64_t msisdn = 0;
    bool swapped = false;  // another card answers under its number
};

struct planned_write {
    std::string file;
    bytes content;
    bytes marker;  // octets of the content that are in no other
};

enum class campaign_kind : std::uint8_t {
    writes,
    audit,     // reads files
    rotation,  // brings new key sets of version `rotated_version`; at most one of a scenario
};
inline constexpr std::uint8_t rotated_version = 2;

struct planned_campaign {
    std::string name;
    std::string text;  // the campaign file
    std::vector<planned_write> writes;
    campaign_kind kind = campaign_kind::writes;
    bool in_waves = false;
};

// Several processes on one database.
struct joint_plan {
    std::vector<campaigns::role> roles;  // none: one process owns it
    std::chrono::milliseconds lease_time{};
    double stall_chance = 0;  // in every step: that one of them sleeps
    bool hectic = false;      // mostly those that send, and campaigns are paused meanwhile
    double death_chance = 0;  // likewise: that one of them dies
    double power_chance = 0;  // that a death is that of all
    double stay_away = 0;     // that who died does not come back before the end
};

struct scenario {
    std::uint64_t seed = 0;
    double preemption = 0;
    duration tick{};  // of the wall clock
    std::vector<planned_card> cards;
    std::string registry;  // CSV: as the operator has it
    std::string fleet;     // CSV: as it is
    std::string witness;   // CSV: as the operator has it, with all numbers
    outside_options outside;
    server_options server;
    joint_plan joint;
    std::vector<planned_campaign> campaigns;
    duration por_timeout{};  // of campaigns and operations
    int attempts = 1;
    int operations = 0;       // single ones
    double crash_chance = 0;  // that a conduct is cut short by a crash
    double pause_chance = 0;
    double cancel_chance = 0;
    double link_trouble = 0;

    [[nodiscard]] static scenario draw(std::uint64_t seed);
    [[nodiscard]] std::string describe() const;
};

// A content for one of the files, as long as that or shorter, which only this number has.
[[nodiscard]] planned_write make_write(std::uint8_t kind, std::uint8_t number, std::uint8_t which,
                                       seeded_random& random);

}  // namespace tessera::simulation
