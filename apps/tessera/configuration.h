// tessera.toml: every key has a default, so a file with one [[smsc]] is valid, and so is an empty one.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "base/time.h"
#include "campaigns/house_rules.h"
#include "operations/event_message.h"
#include "telecom/route.h"
#include "telecom/smsc_settings.h"

namespace tessera::app {

enum class session_mode : std::uint8_t {
    per_exchange,  // the SMPP session is opened when P2 begins and closed when it ends
    persistent,    // the bare link stays up between phases; it carries no campaign traffic outside P2
};

// [database]: where it is a server, which many processes share.
struct database_settings {
    std::string url;  // of PostgreSQL, never with a password; empty: tessera.db in the data directory
    std::chrono::milliseconds lease = limits::lease_time;
};

struct configuration {
    database_settings database;
    std::vector<telecom::smsc_settings> smscs;  // at least one
    session_mode session = session_mode::per_exchange;
    int workers = 2;  // threads that prepare and settle
    campaigns::house_rules house;
    std::vector<operations::event_rule> events;

    [[nodiscard]] const telecom::smsc_settings* smsc(std::string_view name) const;
    // Those that a route names, or all. Errors: no_smsc.
    [[nodiscard]] result<std::vector<const telecom::smsc_settings*>> used_by(const telecom::route& way) const;
    // By which SMSC a number goes, where there may be none for it: where prefixes decide and every SMSC has some.
    // Refers to this.
    [[nodiscard]] std::optional<telecom::route_table> routes_of(const telecom::route& way) const;
};

// Errors: each mistake with field "FILE:LINE".
[[nodiscard]] std::expected<configuration, std::vector<error>> parse_configuration(std::string_view text,
                                                                                   const std::string& file);

// The file that `tessera init` writes: every key, explained, at its default.
[[nodiscard]] std::string_view default_configuration();

}  // namespace tessera::app
