#include "tessera/ota_lines.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/limits.h"
#include "codec/secured_packet.h"
#include "tessera/ota_fields.h"
#include "tessera/ota_verbs.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

struct verb_entry {
    std::string_view name;
    ota_verb verb;
    result<void> (*run)(const ota::line_object&, codec::secured_packet_codec&, std::string&);
};
constexpr std::array<verb_entry, 5> verbs = {{{"encode", ota_verb::encode, ota::encode},
                                              {"decode-command", ota_verb::decode_command, ota::decode_command},
                                              {"decode-response", ota_verb::decode_response, ota::decode_response},
                                              {"segment", ota_verb::segment, ota::segment},
                                              {"reassemble", ota_verb::reassemble, ota::reassemble}}};

}  // namespace

std::optional<ota_verb> ota_verb_from(std::string_view name) {
    for (const auto& entry : verbs)
        if (entry.name == name) return entry.verb;
    return std::nullopt;
}

struct ota_lines::state {
    std::array<unsigned char, 16'384> parse_room{};  // where an ordinary line's values stand, without the heap
    json::parser parser;
    codec::secured_packet_codec codec;

    result<void> answer(ota_verb verb, std::string_view line, std::string& out) {
        if (line.size() > limits::json_line_octets)
            return failure("too_long", {},
                           "a line has at most " + std::to_string(limits::json_line_octets) + " octets");
        json::monotonic_resource room(parse_room.data(), parse_room.size());
        parser.reset(&room);
        json::error_code problem;
        parser.write(line.data(), line.size(), problem);
        if (problem) return failure("bad_json", {}, "not a line of JSON: " + problem.message());
        const auto value = parser.release();
        if (!value.is_object()) return failure("bad_json", {}, "expected a JSON object");
        return verbs[static_cast<std::size_t>(verb)].run(value.get_object(), codec, out);
    }
};

ota_lines::ota_lines() : state_(std::make_unique<state>()) {}
ota_lines::~ota_lines() = default;
ota_lines::ota_lines(ota_lines&&) noexcept = default;
ota_lines& ota_lines::operator=(ota_lines&&) noexcept = default;

bool ota_lines::answer(ota_verb verb, std::string_view line, std::string& out) {
    const std::size_t before = out.size();
    const auto done = state_->answer(verb, line, out);
    if (done) return true;
    out.resize(before);
    ota::append_error(out, done.error());
    return false;
}

std::string answer_line(ota_verb verb, std::string_view line) {
    std::string out;
    ota_lines().answer(verb, line, out);
    return out;
}

bool line_splitter::fits(std::string_view part) { return part.size() <= limits::json_line_octets; }

std::string_view line_splitter::without_return(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

void line_splitter::keep(std::string_view part) {
    constexpr std::size_t most = limits::json_line_octets + 2;  // one too many, even with a carriage return
    kept_.append(part.substr(0, most - std::min(most, kept_.size())));
}

}  // namespace tessera::app
