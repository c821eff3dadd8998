// card counters: whose counters come near their end.
#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdio>
#include <memory>

#include "base/hex.h"
#include "base/limits.h"
#include "cards/near_counters.h"
#include "tessera/commands.h"
#include "tessera/data_directory.h"
#include "tessera/json_output.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct counter_options {
    std::int64_t near = limits::counter_left_warning;
    std::int64_t limit = 100;
    bool json = false;
};

std::string hexadecimal(std::uint64_t value, int octets) {
    bytes out;
    append_big_endian(out, value, static_cast<std::size_t>(octets));
    return to_hex(out);
}

void counters(invocation& run, const counter_options& options) {
    const auto data = open_beside(run.where, store::access::read);
    if (!data) return refuse(run, data.error());
    const auto found = cards::near_counters(*data->writer, static_cast<std::uint64_t>(options.near), options.limit);
    if (!found) return refuse(run, found.error());
    for (const auto& one : *found) {
        // One counter may serve all applications of a key set.
        const bool of_one = one.application && *one.application != cards::all_applications;
        const auto application = of_one ? hexadecimal(static_cast<std::uint64_t>(*one.application), 3) : std::string();
        if (options.json)
            print_json({{"iccid", one.iccid},
                        {"kvn", one.key_version},
                        {"tar", of_one ? json::value(application) : json::value(nullptr)},
                        {"counter", hexadecimal(one.counter, 5)},
                        {"left", one.left}});
        else
            std::printf("%-20s version %2d  TAR %-6s  %s  %llu left\n", one.iccid.c_str(), one.key_version,
                        of_one ? application.c_str() : "-", hexadecimal(one.counter, 5).c_str(),
                        static_cast<unsigned long long>(one.left));
    }
    if (options.json) return;
    if (found->empty())
        std::printf("no counter has fewer than %lld values left\n", static_cast<long long>(options.near));
    else if (static_cast<std::int64_t>(found->size()) == options.limit)
        std::fprintf(stderr, "perhaps more with a higher --limit\n");
}

}  // namespace

void add_card_counters(CLI::App& card_command, invocation& run) {
    const auto options = std::make_shared<counter_options>();
    auto* command =
        card_command.add_subcommand("counters", "counters near FFFFFFFFFF, where a card's key set is blocked for good");
    command->add_option("--near", options->near, "with fewer values left than this")
        ->capture_default_str()
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{4'294'967'296}));
    command->add_option("--limit", options->limit, "at most so many, the fewest left first")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000));
    command->add_flag("--json", options->json, "print JSON Lines");
    command->callback([&run, options] { counters(run, *options); });
}

}  // namespace tessera::app
