#include "tessera/ef_json.h"

#include <boost/json.hpp>

#include "base/limits.h"

namespace tessera::app {
namespace {

namespace json = boost::json;
using codec::file_value;

result<file_value> value_from(const json::value& from, const std::string& place, std::size_t depth) {
    if (depth > limits::file_value_depth)
        return failure("bad_value", place, "lists and maps stand too deep in one another");
    if (const auto* text = from.if_string()) return file_value(std::string(*text));
    if (const auto* truth = from.if_bool()) return file_value(*truth);
    if (from.is_int64()) return file_value(from.get_int64());
    if (const auto* elements = from.if_array()) {
        file_value::list list;
        for (const auto& one : *elements) {
            TESSERA_TRY_VALUE(auto made, value_from(one, place + "[" + std::to_string(list.size()) + "]", depth + 1));
            list.push_back(std::move(made));
        }
        return file_value(std::move(list));
    }
    if (const auto* members = from.if_object()) {
        file_value::map map;
        for (const auto& one : *members) {
            const std::string name(one.key());
            auto inner = place + ".";
            inner += name;
            TESSERA_TRY_VALUE(auto made, value_from(one.value(), inner, depth + 1));
            map.push_back({name, std::move(made)});
        }
        return file_value(std::move(map));
    }
    return failure("bad_value", place, "expected a text, a whole number, true or false, a list or a map");
}

struct json_maker {
    json::value operator()(bool truth) const { return truth; }
    json::value operator()(std::int64_t number) const { return number; }
    json::value operator()(const std::string& text) const { return json::value(text); }
    json::value operator()(const file_value::list& list) const {
        json::array made;
        for (const auto& one : list) made.push_back(to_json(one));
        return made;
    }
    json::value operator()(const file_value::map& map) const {
        json::object made;
        for (const auto& [name, value] : map) made.emplace(name, to_json(value));
        return made;
    }
};

}  // namespace

result<file_value> file_value_from(const json::value& json) { return value_from(json, "value", 0); }

json::value to_json(const file_value& value) { return std::visit(json_maker(), value.held()); }

}  // namespace tessera::app
