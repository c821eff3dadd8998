// Scripts in the expanded format and their answers: whatever parses, parses again as the same from what it writes.
#include <algorithm>
#include <cstdlib>

#include "codec/expanded_script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace tessera;

bool equal(const std::optional<byte_view>& one, const std::optional<byte_view>& other) {
    return one.has_value() == other.has_value() && (!one || std::ranges::equal(*one, *other));
}

void check_script(byte_view input) {
    const auto script = codec::parse_expanded_script(input);
    if (!script) return;
    bytes written;
    codec::append_expanded_script(written, *script);
    const auto again = codec::parse_expanded_script(written);
    if (!again || again->indefinite != script->indefinite || again->elements.size() != script->elements.size())
        std::abort();
    for (std::size_t i = 0; i < script->elements.size(); ++i)
        if (again->elements[i].tag != script->elements[i].tag ||
            !std::ranges::equal(again->elements[i].value, script->elements[i].value))
            std::abort();
}

void check_response(byte_view input) {
    const auto response = codec::parse_expanded_response(input);
    if (!response) return;
    bytes written;
    codec::append_expanded_response(written, *response);
    const auto again = codec::parse_expanded_response(written);
    if (!again || again->indefinite != response->indefinite || again->executed != response->executed ||
        again->bad_format != response->bad_format || again->chaining != response->chaining ||
        again->responses.size() != response->responses.size() ||
        !equal(again->immediate_action, response->immediate_action) ||
        !equal(again->error_action, response->error_action))
        std::abort();
    for (std::size_t i = 0; i < response->responses.size(); ++i)
        if (again->responses[i].status_word != response->responses[i].status_word ||
            !std::ranges::equal(again->responses[i].data, response->responses[i].data))
            std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t longest = 32'768;  // what is written again has two octets of length at most
    const byte_view input(data, std::min(size, longest));
    check_script(input);
    check_response(input);
    return 0;
}
