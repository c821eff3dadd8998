#include "codec/file_value.h"

#include <algorithm>

#include "base/hex.h"

namespace tessera::codec {

std::unexpected<error> value_at::wrong(std::string message) const {
    return failure("bad_value", place_, std::move(message));
}
std::unexpected<error> value_at::expected(std::string_view what) const {
    return wrong("expected " + std::string(what));
}

result<bool> value_at::truth() const {
    if (const auto* truth = std::get_if<bool>(&value_->held())) return *truth;
    return expected("true or false");
}

result<std::int64_t> value_at::number(std::int64_t least, std::int64_t most) const {
    const auto* number = std::get_if<std::int64_t>(&value_->held());
    if (number != nullptr && *number >= least && *number <= most) return *number;
    return expected("a number from " + std::to_string(least) + " to " + std::to_string(most));
}

result<std::string_view> value_at::text() const {
    if (const auto* text = std::get_if<std::string>(&value_->held())) return *text;
    return expected("a text");
}

result<bytes> value_at::hex(std::size_t octets_least, std::size_t octets_most) const {
    TESSERA_TRY_VALUE(const auto digits, text());
    TESSERA_TRY_VALUE(auto octets, from_hex(digits, place_));
    if (octets.size() >= octets_least && octets.size() <= octets_most) return octets;
    const auto least = std::to_string(octets_least);
    return expected((octets_least == octets_most ? least : least + " to " + std::to_string(octets_most)) +
                    " octets in hexadecimal");
}

result<std::vector<value_at>> value_at::list() const {
    const auto* elements = std::get_if<file_value::list>(&value_->held());
    if (elements == nullptr) return expected("a list");
    std::vector<value_at> all;
    all.reserve(elements->size());
    for (const auto& one : *elements) all.emplace_back(one, place_ + "[" + std::to_string(all.size()) + "]");
    return all;
}

result<void> value_at::only(std::initializer_list<std::string_view> names) const {
    std::string known;
    for (const auto name : names) known += (known.empty() ? "" : ", ") + std::string(name);
    const auto* members = std::get_if<file_value::map>(&value_->held());
    if (members == nullptr) return expected("a map with " + known);
    for (const auto& [name, value] : *members)
        if (std::ranges::find(names, name) == names.end())
            return failure("bad_value", place_ + "." + name, "is not known here; known: " + known);
    return {};
}

std::optional<value_at> value_at::member(std::string_view name) const {
    const auto* members = std::get_if<file_value::map>(&value_->held());
    if (members == nullptr) return std::nullopt;
    const auto found = std::ranges::find(*members, name, &file_member::name);
    if (found == members->end()) return std::nullopt;
    return value_at(found->value, place_ + "." + found->name);
}

result<value_at> value_at::needed(std::string_view name) const {
    if (auto found = member(name)) return std::move(*found);
    return failure("bad_value", place_ + "." + std::string(name), "is missing");
}

bool value_at::is_empty_map() const {
    const auto* members = std::get_if<file_value::map>(&value_->held());
    return members != nullptr && members->empty();
}

}  // namespace tessera::codec
