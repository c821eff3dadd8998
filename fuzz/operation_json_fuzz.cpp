// Any text as the body of a request for a single operation: what is accepted can be carried out as it stands.
#include <boost/json.hpp>
#include <cstdlib>

#include "base/limits.h"
#include "tessera/operation_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    boost::system::error_code problem;
    const auto parsed = boost::json::parse(as_text({data, size}), problem);
    if (problem || !parsed.is_object()) return 0;
    const auto made = app::operation_request("8949000000000000018", parsed.get_object());
    if (!made) {
        if (made.error().code.empty() || made.error().message.empty()) std::abort();
        return 0;
    }
    const bool runs = made->kind == operations::operation_kind::run;
    if (runs == made->commands.empty()) std::abort();
    if (made->kind == operations::operation_kind::write &&
        (made->file.content.empty() || made->file.content.size() > limits::file_content_octets))
        std::abort();
    if (made->counter && (*made->counter == 0 || *made->counter >= codec::counter_max)) std::abort();
    if (made->leap_max > limits::counter_leap_max) std::abort();
    if (made->attempts < 1 || made->security.spi.response() != codec::proof_of_receipt::always) std::abort();
    return 0;
}
