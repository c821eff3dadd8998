#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

namespace tessera {
namespace {

spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = std::make_shared<spdlog::logger>("tessera", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%Y-%m-%dT%H:%M:%S.%e %L %v");
        return made;
    }();
    return *instance;
}

std::function<void(log_level, std::string_view)>& sink() {
    static std::function<void(log_level, std::string_view)> instance;
    return instance;
}

spdlog::level::level_enum of(log_level level) {
    constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                    spdlog::level::err, spdlog::level::off};
    return levels[static_cast<int>(level)];
}

// spdlog wants a format string; handing the line as an argument keeps braces in it harmless.
void write(log_level level, std::string_view line) {
    if (!sink())
        logger().log(of(level), "{}", line);
    else if (logger().should_log(of(level)))
        sink()(level, line);
}

}  // namespace

void set_log_level(log_level level) { logger().set_level(of(level)); }
void set_log_sink(std::function<void(log_level, std::string_view)> made) { sink() = std::move(made); }
void log_debug(std::string_view line) { write(log_level::debug, line); }
void log_info(std::string_view line) { write(log_level::info, line); }
void log_warning(std::string_view line) { write(log_level::warning, line); }
void log_error(std::string_view line) { write(log_level::error, line); }

}  // namespace tessera
