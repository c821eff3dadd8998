// Any text as a catalogue of profiles. What is accepted, written again means the same.
#include <cstdlib>

#include "cards/profile_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    const auto entries = cards::parse_profiles(as_text({data, size}), "fuzz");
    if (!entries) {
        if (entries.error().empty()) std::abort();
        return 0;
    }
    for (const auto& entry : *entries) {
        const auto again = cards::parse_profiles(cards::profile_text(entry), "again");
        if (!again || again->size() != 1 || again->front() != entry) std::abort();
    }
    return 0;
}
