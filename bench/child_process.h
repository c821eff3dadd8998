// Programs under measurement as processes of their own, so that the kernel's accounting is theirs alone.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tessera::bench {

struct ended_process {
    std::string output;
    long peak_kibibytes = 0;
};
// Runs a program; standard error goes through. Errors: cannot_start, failed (exit status not 0).
[[nodiscard]] result<ended_process> run_to_end(const std::vector<std::string>& words);

// A program that runs beside; killed with this. Its output is thrown away.
class background_process {
public:
    [[nodiscard]] static result<background_process> start(const std::vector<std::string>& words);
    background_process(background_process&& other) noexcept;
    background_process& operator=(background_process&&) = delete;
    ~background_process() { kill(); }
    // SIGKILL, as a crash; returns when it is gone.
    void kill();
    // Waits for its end. Errors: failed (exit status not 0).
    [[nodiscard]] result<void> wait();

private:
    explicit background_process(pid_t pid) : pid_(pid) {}
    pid_t pid_;
};

// `tessera sim smsc` on a free port; ended with this.
class simulator {
public:
    // faults: text of a fault file, empty for none.
    [[nodiscard]] static result<simulator> start(const std::filesystem::path& program,
                                                 const std::filesystem::path& cards, const std::string& faults);
    simulator(simulator&& other) noexcept;
    simulator& operator=(simulator&&) = delete;
    ~simulator();
    [[nodiscard]] const std::string& address() const { return address_; }

private:
    simulator(pid_t pid, std::string address) : pid_(pid), address_(std::move(address)) {}
    pid_t pid_;
    std::string address_;
};

// A fresh directory below another, removed with everything in it.
class scratch_directory {
public:
    // Errors: cannot_write.
    [[nodiscard]] static result<scratch_directory> make(const std::filesystem::path& below);
    ~scratch_directory();
    scratch_directory(scratch_directory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    scratch_directory& operator=(scratch_directory&&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    explicit scratch_directory(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;  // empty: moved from
};

}  // namespace tessera::bench
