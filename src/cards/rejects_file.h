// The refused rows of a file that is read row by row: FILE.rejects.csv, each with its line, field and reason.
#pragma once

#include <cstdio>
#include <string>

#include "base/result.h"

namespace tessera::cards {

// Written under another name until finish(); mode 0600, since rows may hold keys. What comes from a device (/dev/stdin,
// /dev/fd/63) has no folder to write into: its rows go to stdin.rejects.csv in the working directory.
class rejects_file {
public:
    // `header` is that of the rows, without line, field and reason.
    rejects_file(const std::string& input, std::string header);
    ~rejects_file();
    rejects_file(const rejects_file&) = delete;
    rejects_file& operator=(const rejects_file&) = delete;

    // A row with its line, field and reason, without the end of the line. Errors: cannot_write.
    [[nodiscard]] result<void> add(std::string line);
    // The file's name. Empty when nothing was refused; then a file that an earlier run left is taken away. Errors:
    // cannot_write.
    [[nodiscard]] result<std::string> finish();

private:
    [[nodiscard]] std::unexpected<error> refused() const;
    [[nodiscard]] result<void> open();

    std::string header_;
    std::string path_;
    std::string partial_;
    std::FILE* file_ = nullptr;
};

}  // namespace tessera::cards
