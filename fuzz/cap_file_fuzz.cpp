// CAP files, whole archives and load files as cards get them: what an archive gave reads the same on the card.
#include <cstdlib>

#include "base/limits.h"
#include "codec/cap_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    const byte_view input(data, size);
    static_cast<void>(codec::read_components(input));
    const auto cap = codec::read_cap(input, {.descriptor = true});
    if (!cap) return 0;
    if (cap->components.size() > limits::load_file_octets) std::abort();
    const auto received = codec::read_components(cap->components);
    if (!received || received->package != cap->package || received->applets != cap->applets) std::abort();
    return 0;
}
