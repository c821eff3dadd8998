#include "tessera/ef_lines.h"

#include <boost/json.hpp>

#include "base/limits.h"
#include "operations/file_path.h"
#include "tessera/ef_json.h"
#include "tessera/ota_fields.h"

namespace tessera::app {
namespace {

namespace json = boost::json;

result<std::string> file_name(const json::object& line) {
    const auto* name = ota::find(line, "file");
    if (name == nullptr) return failure("missing_field", "file", "this field is needed");
    if (!name->is_string()) return failure("bad_type", "file", "expected the name of a file, or its path");
    return std::string(name->get_string());
}

result<const codec::uicc_file*> known_file(const std::string& name) {
    TESSERA_TRY_VALUE(const auto found, operations::find_file(name));
    if (found.known == nullptr)
        return failure("unknown_file", "file",
                       "nothing is known of " + found.path + "; `tessera ef list` shows what is");
    return found.known;
}

result<json::object> encode(const json::object& line, const std::string& name, const codec::uicc_file& file) {
    const auto* given = ota::find(line, "value");
    if (given == nullptr) return failure("missing_field", "value", "this field is needed");
    TESSERA_TRY_VALUE(const auto value, file_value_from(*given));
    // The codec makes an unused file of it, as of an unused record; who says so of a whole file has left something out.
    if (file.structure == codec::file_structure::transparent && given->is_object() && given->get_object().empty())
        return failure("bad_value", "value",
                       "is empty; expected as in " + std::string(file.example) + ", or the content in hexadecimal");
    std::optional<std::size_t> length;
    if (ota::find(line, "length") != nullptr) {
        TESSERA_TRY_VALUE(length, ota::number_of(line, "length", 0, limits::file_content_octets));
    }
    TESSERA_TRY_VALUE(const auto content, codec::encode_file(file, value, length));
    return json::object{{"file", name}, {"content", to_hex(content)}};
}

result<json::object> decode(const json::object& line, const std::string& name, const codec::uicc_file& file) {
    TESSERA_TRY_VALUE(const auto content, ota::octets_of(line, "content"));
    TESSERA_TRY_VALUE(const auto value, codec::decode_file(file, content));
    return json::object{{"file", name}, {"value", to_json(value)}};
}

result<json::object> answer(ef_verb verb, std::string_view line) {
    if (line.size() > limits::json_line_octets)
        return failure("too_long", {}, "a line has at most " + std::to_string(limits::json_line_octets) + " octets");
    json::error_code problem;
    const auto value = json::parse(line, problem);
    if (problem) return failure("bad_json", {}, "not a line of JSON: " + problem.message());
    if (!value.is_object()) return failure("bad_json", {}, "expected a JSON object");
    return answer_ef_object(verb, value.get_object());
}

}  // namespace

result<json::object> answer_ef_object(ef_verb verb, const json::object& line) {
    TESSERA_TRY_VALUE(const auto name, file_name(line));
    TESSERA_TRY_VALUE(const auto* file, known_file(name));
    return verb == ef_verb::encode ? encode(line, name, *file) : decode(line, name, *file);
}

bool answer_ef_line(ef_verb verb, std::string_view line, std::string& out) {
    const auto done = answer(verb, line);
    if (done)
        out += json::serialize(*done);
    else
        ota::append_error(out, done.error());
    return done.has_value();
}

json::object to_json(const codec::uicc_file& file) {
    return {{"file", codec::name_of(file)},
            {"path", file.path},
            {"structure", codec::to_string(file.structure)},
            {"octets", {{"least", file.octets.least}, {"usual", file.octets.usual}, {"most", file.octets.most}}},
            {"clause", file.clause},
            {"written_over_the_air", file.written_over_the_air},
            {"dangerous", file.dangerous},
            {"value", json::parse(file.example)},
            {"content", file.example_content}};
}

}  // namespace tessera::app
