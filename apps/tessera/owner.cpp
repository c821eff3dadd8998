#include "tessera/owner.h"

#include <boost/json.hpp>

#include "net/local_http.h"
#include "tessera/data_directory.h"
#include "tessera/local_service.h"

namespace tessera::app {
namespace {

result<net::http_response> ask_here(data_directory& data, const net::http_request& request) {
    store::shared_writer writer;
    writer.connection = data.writer.get();
    telecom::radio radio(data.settings.smscs, system_clock(), false);
    TESSERA_TRY_VALUE(const auto service, local_service::start(data, writer, radio, false));
    return service->ask(request);
}

}  // namespace

std::optional<owner_answer> ask_owner(invocation& run, const net::http_request& request) {
    auto data = open_data_directory(run.data);
    result<net::http_response> made = failure("", "", "");
    if (data) {
        made = ask_here(*data, request);
    } else if (data.error().front().code == "in_use") {
        made = net::ask_local_http(run.data / socket_name, request);
        // An owner that does not serve: an import, say.
        if (!made && made.error().code == "no_server") made = std::unexpected(data.error().front());
    } else {
        refuse(run, data.error());
        return std::nullopt;
    }
    if (!made) {
        refuse(run, made.error());
        return std::nullopt;
    }
    boost::system::error_code problem;
    auto parsed = boost::json::parse(made->body, problem);
    if (!problem && parsed.is_object()) return owner_answer{made->status, std::move(parsed.get_object())};
    refuse(run, error{"bad_answer", "owner", "the owning process answered with something else than JSON"});
    return std::nullopt;
}

}  // namespace tessera::app
