#include "sim/address.h"

#include <charconv>

namespace tessera::sim {

result<std::pair<std::string, std::string>> split_address(std::string_view address) {
    const auto colon = address.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == address.size())
        return failure("bad_address", "address", "expected HOST:PORT, as in 127.0.0.1:2775");
    auto host = address.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    const auto port = address.substr(colon + 1);
    unsigned number = 0;  // the resolver would take 99999 modulo 65536
    const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (problem != std::errc() || end != port.data() + port.size() || number > 65'535)
        return failure("bad_address", "address", "expected a port from 0 to 65535");
    return std::pair{std::string(host), std::string(port)};
}

}  // namespace tessera::sim
