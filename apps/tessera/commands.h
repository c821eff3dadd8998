// One unit per subcommand; each adds itself to the command line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tessera/data_location.h"

namespace CLI {
class App;
}

namespace tessera::app {

// Exit status of every command, unless an issue of its own says otherwise.
enum class exit_status : std::uint8_t {
    done = 0,
    refused = 1,
    wrong_usage = 2,
    inhibited = 3,  // a campaign manages the card now
};

// What stands before the subcommand, and what the subcommand's callback leaves behind.
struct invocation {
    data_location where{"./tessera-data"};
    exit_status status = exit_status::done;
    bool as_json = false;  // --json, or --format json
    bool told = false;  // standard output has the JSON object already that says what went wrong, or what became of it
};

// Writes the failure to standard error ("tessera: field: message") and sets the exit status. With --json standard
// output gets it, too: {code, field, message}, of several the first, and with it {problems: [...]}.
void refuse(invocation& run, const error& problem);
void refuse(invocation& run, const std::vector<error>& problems);  // one line each

void add_init(CLI::App& app, invocation& run);
void add_card(CLI::App& app, invocation& run);
void add_card_operations(CLI::App& card_command, invocation& run);
void add_card_verify(CLI::App& card_command, invocation& run);
void add_card_moves(CLI::App& card_command, invocation& run);
void add_card_counters(CLI::App& card_command, invocation& run);
void add_transport_key(CLI::App& app, invocation& run);
void add_profile(CLI::App& app, invocation& run);
void add_card_try(CLI::App& card_command, invocation& run);
void add_event(CLI::App& app, invocation& run);
void add_trigger(CLI::App& app, invocation& run);
void add_campaign(CLI::App& app, invocation& run);
void add_stop_all(CLI::App& parent, invocation& run);
void add_serve(CLI::App& app, invocation& run);
void add_ota(CLI::App& app, invocation& run);
void add_ef(CLI::App& app, invocation& run);
void add_sim(CLI::App& app, invocation& run);
void add_demo(CLI::App& app, invocation& run);

}  // namespace tessera::app
