// The simulated SMSC as a child process: `tessera sim smsc` of this very program.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tessera::app {

class demo_world {
public:
    // Starts it on a free port of the loopback and waits until it serves; its log goes to DIRECTORY/demo-smsc.log. No
    // faults if the text is empty. Errors: cannot_start.
    [[nodiscard]] static result<demo_world> start(const std::filesystem::path& cards, std::string_view faults,
                                                  const std::filesystem::path& directory);
    demo_world(demo_world&& other) noexcept;
    demo_world& operator=(demo_world&&) = delete;
    ~demo_world();  // ends the process and waits for it

    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    demo_world(pid_t pid, std::string address) : pid_(pid), address_(std::move(address)) {}
    pid_t pid_;
    std::string address_;
};

}  // namespace tessera::app
