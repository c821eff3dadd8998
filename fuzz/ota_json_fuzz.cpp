// Lines of `tessera ota`, whatever they hold: each has one answer, on one line.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tessera/ota_lines.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
    using namespace tessera::app;
    static ota_lines lines;
    if (count == 0) return 0;
    const auto verb = static_cast<ota_verb>(octets[0] % 5);
    const std::string_view text(reinterpret_cast<const char*>(octets + 1), count - 1);
    line_splitter splitter;
    const auto on_line = [&](std::string_view line) {
        std::string out;
        const bool good = lines.answer(verb, line, out);
        const bool one_object = out.starts_with('{') && out.ends_with('}') && out.find('\n') == std::string::npos;
        if (!one_object || out.starts_with("{\"error\":") == good) std::abort();
    };
    splitter.feed(text.substr(0, text.size() / 2), on_line);
    splitter.feed(text.substr(text.size() / 2), on_line);
    splitter.finish(on_line);
    return 0;
}
