// Any text as tessera.toml: what is accepted keeps to the bounds that the links rely on, what is not says where.
#include <cstdlib>

#include "base/limits.h"
#include "telecom/smpp_link.h"
#include "tessera/configuration.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    const auto made = app::parse_configuration(as_text({data, size}), "fuzz");
    if (!made) {
        if (made.error().empty()) std::abort();
        for (const auto& one : made.error())
            if (!one.field.starts_with("fuzz:") || one.message.empty()) std::abort();
        return 0;
    }
    if (made->smscs.empty() || made->workers < 1) std::abort();
    for (const auto& smsc : made->smscs) {
        if (smsc.window < 1 || smsc.window > limits::smpp_window || !telecom::parse_address(smsc.address)) std::abort();
        if (smsc.password.size() > 8 || smsc.system_id.size() > 15) std::abort();
        if (smsc.reconnect_delay_max < smsc.reconnect_delay_min || smsc.response_time_out <= duration::zero())
            std::abort();
        if (made->smsc(smsc.name) != &smsc) std::abort();
    }
    return 0;
}
