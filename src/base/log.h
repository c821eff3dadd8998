// The log: standard error, one line each. Results go to standard output, never here; secrets go nowhere.
#pragma once

#include <functional>
#include <string_view>

namespace tessera {

enum class log_level { debug, info, warning, error, off };

// Thread safe, all of them. The default level is info.
void set_log_level(log_level level);
// Where lines of that level and above go instead; nothing: standard error again. Before any thread writes one.
void set_log_sink(std::function<void(log_level, std::string_view)> sink);
void log_debug(std::string_view line);
void log_info(std::string_view line);
void log_warning(std::string_view line);
void log_error(std::string_view line);

}  // namespace tessera
