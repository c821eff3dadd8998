#include <CLI/CLI.hpp>
#include <cstdio>

#include "tessera/commands.h"
#include "tessera/data_directory.h"

namespace tessera::app {

void add_init(CLI::App& app, invocation& run) {
    auto* command = app.add_subcommand("init", "make a data directory: configuration, master key, database");
    command->callback([&run] {
        const auto made = initialize(run.where);
        if (!made) return refuse(run, made.error());
        std::printf("%s %s\n", run.where.directory.c_str(),
                    *made ? "is ready: tessera.toml, master.key (keep a copy of it elsewhere), and its database"
                          : "was ready before; nothing changed");
    });
}

}  // namespace tessera::app
