#include "cards/rejects_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "base/system_error.h"

namespace tessera::cards {
namespace {

std::string rejects_path(const std::string& input) {
    const auto absolute = std::filesystem::absolute(input).lexically_normal().string();
    for (const std::string_view folder : {"/dev/", "/proc/"})
        if (absolute.starts_with(folder)) return "stdin.rejects.csv";
    return std::filesystem::path(input).replace_extension(".rejects.csv").string();
}

}  // namespace

rejects_file::rejects_file(const std::string& input, std::string header)
    : header_(std::move(header)), path_(rejects_path(input)), partial_(path_ + ".partial") {}

rejects_file::~rejects_file() {
    if (file_ != nullptr) {
        std::fclose(file_);
        std::remove(partial_.c_str());
    }
}

result<void> rejects_file::add(std::string line) {
    if (file_ == nullptr) TESSERA_TRY(open());
    line.push_back('\n');
    if (std::fwrite(line.data(), 1, line.size(), file_) != line.size()) return refused();
    return {};
}

result<std::string> rejects_file::finish() {
    if (file_ == nullptr) {
        std::remove(path_.c_str());
        return std::string{};
    }
    const bool written = std::fflush(file_) == 0 && fsync(fileno(file_)) == 0;
    const bool closed = std::fclose(file_) == 0;
    file_ = nullptr;
    if (!written || !closed || std::rename(partial_.c_str(), path_.c_str()) != 0) return refused();
    return path_;
}

std::unexpected<error> rejects_file::refused() const {
    return failure("cannot_write", path_, with_reason("the refused rows cannot be written there"));
}

result<void> rejects_file::open() {
    // One that a crash left, or that another user made, would keep its own mode.
    std::remove(partial_.c_str());
    const int descriptor = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    file_ = descriptor < 0 ? nullptr : fdopen(descriptor, "w");
    if (file_ == nullptr) return refused();
    return add(header_ + ",line,field,reason");
}

}  // namespace tessera::cards
