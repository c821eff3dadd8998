#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <boost/json/value.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <span>

#include "tessera/commands.h"
#include "tessera/json_output.h"

namespace {

// Before anything is parsed: what is wrong with a command line is told in its form, too.
bool wants_json(std::span<char* const> words) {
    std::string_view before;
    for (const std::string_view word : words) {
        if (word == "--json" || word == "--format=json" || (before == "--format" && word == "json")) return true;
        before = word;
    }
    return false;
}

int run(int argc, char** argv) {
    using namespace tessera::app;
    CLI::App app("tessera: campaigns over the air for SIM, eSIM and chip cards");
    invocation run;
    run.as_json = wants_json({argv, static_cast<std::size_t>(argc)});
    app.add_option("--data", run.where.directory, "data directory")->capture_default_str();
    app.add_option("--database", run.where.database,
                   "PostgreSQL that many processes share, as postgresql://USER@HOST/NAME, instead of the data "
                   "directory's own database; default: [database] of tessera.toml")
        ->envname("TESSERA_DATABASE");
    app.require_subcommand(1);
    add_init(app, run);
    add_card(app, run);
    add_transport_key(app, run);
    add_profile(app, run);
    add_event(app, run);
    add_trigger(app, run);
    add_campaign(app, run);
    add_serve(app, run);
    add_stop_all(app, run);
    add_ota(app, run);
    add_ef(app, run);
#ifdef TESSERA_SIMULATORS
    add_sim(app, run);
    add_demo(app, run);
#endif
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        if (app.exit(problem) == 0) return static_cast<int>(run.status);
        if (run.as_json) print_json({{"code", "wrong_usage"}, {"field", ""}, {"message", problem.what()}});
        return static_cast<int>(exit_status::wrong_usage);
    }
    // A result that did not arrive is no result: a full disk, say.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        refuse(run, tessera::error{"cannot_write", "standard output", "cannot be written"});
    return static_cast<int>(run.status);
}

}  // namespace

int main(int argc, char** argv) {
    // A core would hold keys.
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_DUMPABLE, 0);
    // A file that grows past its limit is a failed write like others, not the end of the process.
    std::signal(SIGXFSZ, SIG_IGN);
    try {
        return run(argc, argv);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "tessera: %s\n", problem.what());
        return 1;
    }
}
