#include <CLI/CLI.hpp>
#include <cstdio>

#include "tessera/commands.h"
#include "tessera/data_directory.h"

namespace tessera::app {

void add_init(CLI::App& app, invocation& run) {
    auto* command = app.add_subcommand("init", "make a data directory: configuration, master key, database");
    command->callback([&run] {
        const auto made = initialize(run.data);
        if (!made) return refuse(run, made.error());
        std::printf("%s %s\n", run.data.c_str(),
                    *made ? "is ready: tessera.toml, master.key (keep a copy of it elsewhere), tessera.db"
                          : "was ready before; nothing changed");
    });
}

}  // namespace tessera::app
