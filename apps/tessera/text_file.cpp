#include "tessera/text_file.h"

#include <fstream>

#include "base/system_error.h"

namespace tessera::app {

result<std::string> read_text_file(const std::string& path, std::size_t most) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text(most + 1, '\0');
    if (file.is_open()) file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad()) return failure("not_found", path, with_reason("cannot be read"));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

}  // namespace tessera::app
