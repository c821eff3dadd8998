#include "tessera/demo_world.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

namespace tessera::app {
namespace {

constexpr std::string_view ready = "listening on ";

// Only what is safe between fork and exec: everything was allocated before.
[[noreturn]] void become(const std::vector<char*>& arguments, int output, int log, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);
    dup2(output, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv("/proc/self/exe", arguments.data());
    _exit(127);
}

std::string first_line(int descriptor) {
    std::string line;
    char c = 0;
    while (line.size() < 256 && read(descriptor, &c, 1) == 1 && c != '\n') line.push_back(c);
    return line;
}

}  // namespace

result<demo_world> demo_world::start(const std::filesystem::path& cards, std::string_view faults,
                                     const std::filesystem::path& directory) {
    std::vector<std::string> words{"tessera", "sim", "smsc", "--listen", "127.0.0.1:0", "--cards", cards.string()};
    if (!faults.empty()) {
        const auto file = directory / "demo-faults.toml";
        std::ofstream(file) << faults;
        words.insert(words.end(), {"--faults", file.string()});
    }
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int log = ::open((directory / "demo-smsc.log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int output[2];
    if (log < 0 || pipe2(output, O_CLOEXEC) != 0) return failure("cannot_start", "sim smsc", std::strerror(errno));
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0) become(arguments, output[1], log, parent);
    ::close(log);
    ::close(output[1]);
    const auto line = child < 0 ? std::string{} : first_line(output[0]);
    ::close(output[0]);
    if (!line.starts_with(ready)) {
        if (child > 0) waitpid(child, nullptr, 0);
        return failure("cannot_start", "sim smsc",
                       "the simulator did not come up; see " + (directory / "demo-smsc.log").string());
    }
    return demo_world(child, line.substr(ready.size()));
}

demo_world::demo_world(demo_world&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), address_(std::move(other.address_)) {}

demo_world::~demo_world() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
}

}  // namespace tessera::app
