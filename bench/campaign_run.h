// The main job as users run it, for whoever measures it: a fleet imported into a fresh data directory, a campaign of
// one packet to each card, the simulator and the run as processes of their own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "campaigns/report.h"

namespace tessera::bench {

struct campaign_plan {
    std::filesystem::path program;      // tessera
    std::filesystem::path data, fleet;  // to be made
    std::size_t cards = 0;
    int parts = 1;              // short messages of each packet, 1 to 3
    std::string database = {};  // the address of a server; empty: SQLite
};

// A fleet, and a data directory that has imported it; returns the seconds that the import took.
[[nodiscard]] result<double> make_data(const campaign_plan& plan);
// The campaign for an SMSC at `address`; returns its id.
[[nodiscard]] result<std::string> create_campaign_at(const campaign_plan& plan, const std::string& address);

struct campaign_figures {
    campaigns::campaign_summary summary;
    double import_seconds = 0;
    long peak_kibibytes = 0;
    std::uintmax_t database_octets = 0;
};
// Errors: not_done (a card ended otherwise than done), whatever a step says.
[[nodiscard]] result<campaign_figures> run_campaign_as_users_do(const campaign_plan& plan);

}  // namespace tessera::bench
