// Who sits at the terminal, as the system knows them.
#pragma once

#include <string>

namespace tessera::app {

[[nodiscard]] std::string login_name();

}  // namespace tessera::app
