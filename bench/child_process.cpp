#include "bench/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <utility>

namespace tessera::bench {
namespace {

struct started {
    pid_t pid = -1;
    int output = -1;
};

started start(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    int output[2];
    if (pipe2(output, O_CLOEXEC) != 0) return {};
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(output[1], STDOUT_FILENO);
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    close(output[1]);
    return {child, output[0]};
}

}  // namespace

result<ended_process> run_to_end(const std::vector<std::string>& words) {
    const auto child = start(words);
    if (child.pid < 0) return failure("cannot_start", words.front(), "cannot be started");
    ended_process ended;
    std::array<char, 4096> piece{};
    for (ssize_t got = 0; (got = read(child.output, piece.data(), piece.size())) > 0;)
        ended.output.append(piece.data(), static_cast<std::size_t>(got));
    close(child.output);
    rusage used{};
    int status = 0;
    wait4(child.pid, &status, 0, &used);
    ended.peak_kibibytes = used.ru_maxrss;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return failure("failed", words.front(), "did not end with status 0");
    return ended;
}

result<background_process> background_process::start(const std::vector<std::string>& words) {
    const pid_t parent = getpid();
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        if (getppid() == parent) execv(arguments[0], arguments.data());
        _exit(127);
    }
    if (child < 0) return failure("cannot_start", words.front(), "cannot be started");
    return background_process(child);
}

background_process::background_process(background_process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
void background_process::kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(std::exchange(pid_, -1), nullptr, 0);
}
result<void> background_process::wait() {
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return failure("failed", "process", "did not end with status 0");
}

result<simulator> simulator::start(const std::filesystem::path& program, const std::filesystem::path& cards,
                                   const std::string& faults) {
    std::vector<std::string> words{program, "sim", "smsc", "--listen", "127.0.0.1:0", "--cards", cards};
    if (!faults.empty()) {
        const auto file = cards.string() + ".faults.toml";
        std::ofstream(file) << faults;
        words.insert(words.end(), {"--faults", file});
    }
    const auto child = bench::start(words);
    std::string line;
    char c = 0;
    while (child.pid > 0 && read(child.output, &c, 1) == 1 && c != '\n') line.push_back(c);
    if (child.output >= 0) close(child.output);
    constexpr std::string_view ready = "listening on ";
    if (!line.starts_with(ready)) return failure("cannot_start", "sim smsc", "the simulator did not come up");
    return simulator(child.pid, line.substr(ready.size()));
}

simulator::simulator(simulator&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), address_(std::move(other.address_)) {}
simulator::~simulator() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
}

result<scratch_directory> scratch_directory::make(const std::filesystem::path& below) {
    auto pattern = (std::filesystem::absolute(below) / "tessera-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
        return failure("cannot_write", below.string(),
                       "no directory can be made in it: " + std::generic_category().message(errno));
    return scratch_directory(std::filesystem::path(pattern));
}
scratch_directory::~scratch_directory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace tessera::bench
