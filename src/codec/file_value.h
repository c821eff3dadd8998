// What stands in a file of a card, as people write it: texts, numbers, lists and maps. Campaign files (TOML) and the
// command line (JSON) become this and come from it; the codecs of files know nothing else.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::codec {

struct file_member;

class file_value {
public:
    using list = std::vector<file_value>;
    using map = std::vector<file_member>;  // in the order written; a name stands once
    using any = std::variant<bool, std::int64_t, std::string, list, map>;

    file_value(bool truth);
    file_value(int number);
    file_value(std::int64_t number);
    file_value(std::string text);
    file_value(const char* text);
    file_value(list elements);
    file_value(map members);

    [[nodiscard]] const any& held() const { return held_; }
    friend bool operator==(const file_value& one, const file_value& other);

private:
    any held_;
};

struct file_member {
    std::string name;
    file_value value;
    friend bool operator==(const file_member& one, const file_member& other) = default;
};

// Here, where members are complete.
inline file_value::file_value(bool truth) : held_(truth) {}
inline file_value::file_value(int number) : held_(std::int64_t{number}) {}
inline file_value::file_value(std::int64_t number) : held_(number) {}
inline file_value::file_value(std::string text) : held_(std::move(text)) {}
inline file_value::file_value(const char* text) : held_(std::string(text)) {}
inline file_value::file_value(list elements) : held_(std::move(elements)) {}
inline file_value::file_value(map members) : held_(std::move(members)) {}
inline bool operator==(const file_value& one, const file_value& other) { return one.held_ == other.held_; }

// A value on its way into octets, and where it stands, so that every error (bad_value) names the place: value.display,
// value[3]. Points into the value, which must outlive it.
class value_at {
public:
    explicit value_at(const file_value& value, std::string place = "value")
        : value_(&value), place_(std::move(place)) {}

    [[nodiscard]] result<bool> truth() const;
    [[nodiscard]] result<std::int64_t> number(std::int64_t least, std::int64_t most) const;
    [[nodiscard]] result<std::string_view> text() const;
    [[nodiscard]] result<bytes> hex(std::size_t octets_least, std::size_t octets_most) const;
    [[nodiscard]] result<std::vector<value_at>> list() const;
    // The value is a map, and has no members but these.
    [[nodiscard]] result<void> only(std::initializer_list<std::string_view> names) const;
    // Nothing where there is none, or where the value is no map.
    [[nodiscard]] std::optional<value_at> member(std::string_view name) const;
    [[nodiscard]] result<value_at> needed(std::string_view name) const;
    [[nodiscard]] bool is_number() const { return std::holds_alternative<std::int64_t>(value_->held()); }
    [[nodiscard]] bool is_empty_map() const;

    [[nodiscard]] std::unexpected<error> wrong(std::string message) const;
    [[nodiscard]] std::unexpected<error> expected(std::string_view what) const;

private:
    const file_value* value_;
    std::string place_;
};

}  // namespace tessera::codec
