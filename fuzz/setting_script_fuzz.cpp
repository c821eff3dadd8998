// Any octets as a script for a terminal's agent: each command that is read encodes again to the same octets.
#include <algorithm>
#include <cstdlib>

#include "codec/setting_script.h"

using namespace tessera;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    byte_view rest(data, size);
    while (!rest.empty()) {
        const auto before = rest;
        const auto command = codec::take_setting_command(rest);
        if (!command) break;
        bytes again;
        codec::append_setting_command(again, *command);
        if (!std::ranges::equal(again, before.first(before.size() - rest.size()))) std::abort();
    }
    return 0;
}
