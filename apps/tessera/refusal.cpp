// How commands say that they were refused: for people on standard error, and with --json for programs on standard
// output, too.
#include <boost/json.hpp>
#include <cstdio>

#include "tessera/commands.h"
#include "tessera/json_output.h"
#include "tessera/owner.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

json::object to_json(const error& problem) {
    return {{"code", problem.code}, {"field", problem.field}, {"message", problem.message}};
}

error error_of(const json::object& from) {
    return {text_of(from, "code"), text_of(from, "field"), text_of(from, "message")};
}

// The first that is told; what follows from it is for people.
void tell(invocation& run, const json::object& problem) {
    if (run.as_json && !std::exchange(run.told, true)) print_json(problem);
}

void tell_people(invocation& run, const error& problem) {
    std::fprintf(stderr, "tessera: %s\n", to_string(problem).c_str());
    run.status = exit_status::refused;
}

}  // namespace

void refuse(invocation& run, const error& problem) {
    tell_people(run, problem);
    tell(run, to_json(problem));
}

void refuse(invocation& run, const std::vector<error>& problems) {
    for (const auto& problem : problems) tell_people(run, problem);
    if (problems.empty()) return;
    auto told = to_json(problems.front());
    if (problems.size() > 1) {
        json::array all;
        for (const auto& problem : problems) all.push_back(to_json(problem));
        told["problems"] = std::move(all);
    }
    tell(run, told);
}

void refuse_with(invocation& run, const json::object& answer) {
    std::vector<error> problems;
    if (const auto* several = answer.if_contains("problems"); several != nullptr && several->is_array())
        for (const auto& one : several->get_array())
            if (one.is_object()) problems.push_back(error_of(one.get_object()));
    if (problems.empty()) problems.push_back(error_of(answer));
    for (const auto& problem : problems) tell_people(run, problem);
    tell(run, answer);
    if (text_of(answer, "code") == "inhibited") run.status = exit_status::inhibited;
}

}  // namespace tessera::app
