// Values of files in a campaign file. Includes toml++, so only campaign_file*.cpp may include it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/checked_toml.h"
#include "base/limits.h"
#include "codec/file_value.h"

namespace tessera::campaigns {

// What stands in a TOML node as a value of a file, and which node each place in it (value.display, value[3]) came from,
// so that a mistake is told with its own line.
class toml_value {
public:
    // Nothing when a part of it is none that a file can hold; problem() says which.
    std::optional<codec::file_value> read(const toml::node& from, const std::string& place, std::size_t depth = 0) {
        places_[place] = &from;
        if (const auto text = from.value_exact<std::string>()) return codec::file_value(*text);
        if (const auto truth = from.value_exact<bool>()) return codec::file_value(*truth);
        if (const auto number = from.value_exact<std::int64_t>()) return codec::file_value(*number);
        if (depth < limits::file_value_depth) {
            if (const auto* elements = from.as_array()) return read_list(*elements, place, depth + 1);
            if (const auto* members = from.as_table()) return read_map(*members, place, depth + 1);
        }
        problem_ = {"bad_value", place, "expected a text, a whole number, true or false, a list or a map"};
        return std::nullopt;
    }
    [[nodiscard]] const error& problem() const { return problem_; }
    // The node at fault, or the nearest one around it; the value itself stands under "value".
    [[nodiscard]] const toml::node& node_at(std::string place) const {
        auto found = places_.find(place);
        while (found == places_.end()) {
            const auto step = place.find_last_of(".[");
            place.resize(step == std::string::npos ? 0 : step);
            found = place.empty() ? places_.find("value") : places_.find(place);
        }
        return *found->second;
    }

private:
    std::optional<codec::file_value> read_list(const toml::array& elements, const std::string& place,
                                               std::size_t depth) {
        codec::file_value::list made;
        for (const auto& one : elements) {
            auto value = read(one, place + "[" + std::to_string(made.size()) + "]", depth);
            if (!value) return std::nullopt;
            made.push_back(std::move(*value));
        }
        return codec::file_value(std::move(made));
    }
    std::optional<codec::file_value> read_map(const toml::table& members, const std::string& place, std::size_t depth) {
        codec::file_value::map made;
        for (const auto& [key, one] : members) {
            auto value = read(one, place + "." + std::string(key.str()), depth);
            if (!value) return std::nullopt;
            made.push_back({std::string(key.str()), std::move(*value)});
        }
        return codec::file_value(std::move(made));
    }

    std::map<std::string, const toml::node*> places_;
    error problem_;
};

}  // namespace tessera::campaigns
