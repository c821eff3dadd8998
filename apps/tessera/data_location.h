// Where tessera's data are, as a command line says it.
#pragma once

#include <filesystem>
#include <string>

namespace tessera::app {

struct data_location {
    std::filesystem::path directory;
    std::string database = {};  // the address of a server; empty: what tessera.toml says, or DIR/tessera.db
};

}  // namespace tessera::app
