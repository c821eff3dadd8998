// Any text as one with variables: what parses is written again as what parses to the same, and filling it in replaces
// the variables and nothing else.
#include <cstdlib>

#include "base/bytes.h"
#include "campaigns/text_template.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using tessera::campaigns::text_template;
    const auto text = tessera::as_text({data, size});
    const auto made = text_template::parse(text);
    if (!made) {
        if (made.error().message.empty()) std::abort();
        return 0;
    }
    const auto again = text_template::parse(made->text());
    if (!again || again->text() != made->text() || again->names() != made->names()) std::abort();
    if (made->names().empty() && made->text() != text) std::abort();
    const auto nothing = made->fill([](std::string_view) { return std::nullopt; });
    if (nothing.has_value() != made->names().empty()) std::abort();
    const auto filled = made->fill([](std::string_view) { return std::optional<std::string>("12"); });
    if (!filled || filled->size() < made->literals().size() + 2 * made->names().size()) std::abort();
    return 0;
}
