#include "tessera/owner.h"

#include <boost/json.hpp>

#include "net/local_http.h"
#include "tessera/data_directory.h"
#include "tessera/local_service.h"
#include "tessera/patience.h"

namespace tessera::app {
namespace {

result<net::http_response> ask_here(data_directory& data, const net::http_request& request) {
    store::shared_writer writer;
    writer.connection = data.writer.get();
    telecom::radio radio(data.settings.smscs, system_clock(), false);
    TESSERA_TRY_VALUE(const auto service, local_service::start(data, writer, radio, false));
    return service->ask(request);
}

result<owner_answer> parsed(const net::http_response& response) {
    boost::system::error_code problem;
    auto body = boost::json::parse(response.body, problem);
    if (!problem && body.is_object()) return owner_answer{response.status, std::move(body.get_object())};
    return failure("bad_answer", "owner", "the owning process answered with something else than JSON");
}

}  // namespace

result<owner_answer> ask_socket(const invocation& run, const net::http_request& request) {
    TESSERA_TRY_VALUE(const auto response, net::ask_local_http(run.where.directory / socket_name, request));
    return parsed(response);
}

std::optional<owner_answer> ask_owner(invocation& run, const net::http_request& request) {
    // An owner that is beginning does not listen yet, and one that is ending listens no more.
    const patience waiting;
    for (;;) {
        auto data = open_data_directory(run.where);
        result<owner_answer> made = failure("", "", "");
        if (data) {
            const auto response = ask_here(*data, request);
            made = response ? parsed(*response) : std::unexpected(response.error());
        } else if (data.error().front().code == "in_use") {
            made = ask_socket(run, request);
            if (!made && made.error().code == "no_server") {
                if (waiting.wait_a_little()) continue;
                made = std::unexpected(data.error().front());
            }
        } else {
            refuse(run, data.error());
            return std::nullopt;
        }
        if (made) return std::move(*made);
        refuse(run, made.error());
        return std::nullopt;
    }
}

}  // namespace tessera::app
