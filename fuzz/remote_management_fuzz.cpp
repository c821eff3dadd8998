// Compact scripts and their answers: whatever parses, writes itself again octet for octet.
#include <algorithm>
#include <cstdlib>

#include "codec/remote_management.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    const byte_view input(data, size);
    if (const auto commands = codec::parse_compact_script(input)) {
        bytes again;
        for (const auto& command : *commands) codec::append_apdu(again, command);
        if (!std::ranges::equal(again, input)) std::abort();
    }
    if (const auto response = codec::parse_compact_response(input)) {
        static_cast<void>(codec::describe_status_word(response->status_word));
        bytes again;
        codec::append_compact_response(again, *response);
        if (response->executed != 0 && !std::ranges::equal(again, input)) std::abort();
    }
    return 0;
}
