// TOML files read strictly: unknown keys, wrong types and values out of range are mistakes, each told with its line,
// all of them at once. toml++ is a heavy header: include this in .cpp files only, and in few.
#pragma once

namespace tessera {
struct toml_assertion {};  // what toml++ 3.3 (Debian 12) would abort on: some malformed lists and headers
[[noreturn]] inline void toml_asserted() { throw toml_assertion(); }
}  // namespace tessera
#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(condition) ((condition) ? static_cast<void>(0) : ::tessera::toml_asserted())
#include <toml++/toml.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/toml_screen.h"

namespace tessera {

class checked_toml {
public:
    // `code` is the code of every error, `file` how they name the file.
    checked_toml(std::string_view code, std::string_view file) : code_(code), file_(file) {}

    // The root; nothing when the text is no TOML at all (a mistake then).
    [[nodiscard]] std::optional<toml::table> parse(std::string_view text) {
        if (const auto objection = screen_toml(text)) {
            mistake_at(objection->line, std::string(objection->what));
            return std::nullopt;
        }
        try {
            auto parsed = toml::parse(text);
            if (parsed) return std::move(parsed).table();
            mistake_at(parsed.error().source().begin.line, std::string(parsed.error().description()));
        } catch (const toml_assertion&) {
            mistake_at(line_of_assertion(text), "this is no TOML: a bracket, brace or name is out of place");
        }
        return std::nullopt;
    }

    void mistake_at(std::size_t line, std::string what) {
        mistakes_.push_back({line, {code_, file_ + ":" + std::to_string(line), std::move(what)}});
    }
    void mistake(const toml::node& node, std::string what) { mistake_at(line_of(node.source()), std::move(what)); }
    void mistake(const toml::node& node, std::string_view key, const error& problem) {
        mistake(node, std::string(key) + ": " + problem.message);
    }
    // A mistake in another file that this one names; told after this one's own.
    void mistake_elsewhere(const std::string& file, std::size_t line, std::string what) {
        constexpr std::size_t after_all = 1U << 30U;
        mistakes_.push_back({after_all + line, {code_, file + ":" + std::to_string(line), std::move(what)}});
    }

    void only(const toml::table& table, std::initializer_list<std::string_view> known, std::string_view where) {
        for (const auto& [key, value] : table) {
            if (std::ranges::find(known, key.str()) != known.end()) continue;
            std::string list;
            for (const auto one : known) list += (list.empty() ? "" : ", ") + std::string(one);
            mistake_at(line_of(key.source()),
                       "unknown key \"" + std::string(key.str()) + "\" in " + std::string(where) + "; known: " + list);
        }
    }

    [[nodiscard]] const toml::table* section(const toml::table& root, std::string_view name, bool needed) {
        const auto* node = root.get(name);
        if (node == nullptr) {
            if (needed) mistake_at(1, "section [" + std::string(name) + "] is missing");
            return nullptr;
        }
        if (!node->is_table()) mistake(*node, std::string(name) + ": expected a section [" + std::string(name) + "]");
        return node->as_table();
    }

    // The values of a key; nothing when it is absent or wrong, which is noted.
    [[nodiscard]] std::optional<std::string> text(const toml::table& table, std::string_view key, bool needed) {
        const auto* node = table.get(key);
        if (node == nullptr) {
            if (needed) mistake(table, std::string(key) + ": is missing");
            return std::nullopt;
        }
        auto value = node->value_exact<std::string>();
        if (!value) mistake(*node, std::string(key) + ": expected a text in quotes");
        return value;
    }
    // A text, or a list of `least` to `most` of them, each of which `check` (a result<void> of it) finds good.
    template <class Check>
    [[nodiscard]] std::vector<std::string> texts(const toml::table& table, std::string_view key, std::size_t least,
                                                 std::size_t most, Check&& check) {
        std::vector<std::string> found;
        const auto* node = table.get(key);
        if (node == nullptr) return found;
        const auto take = [&](const toml::node& one) {
            auto value = one.value_exact<std::string>();
            const auto good = value ? check(*value) : failure("bad_type", key, "expected a text in quotes");
            if (good)
                found.push_back(std::move(*value));
            else
                mistake(one, key, good.error());
        };
        const auto* several = node->as_array();
        if (several == nullptr)
            take(*node);
        else if (several->size() < least || several->size() > most)
            mistake(*node, std::string(key) + ": expected " + std::to_string(least) + " to " + std::to_string(most) +
                               " texts");
        else
            for (const auto& one : *several) take(one);
        return found;
    }
    [[nodiscard]] std::optional<std::int64_t> number(const toml::table& table, std::string_view key, std::int64_t least,
                                                     std::int64_t most) {
        const auto* node = table.get(key);
        if (node == nullptr) return std::nullopt;
        const auto value = node->value_exact<std::int64_t>();
        if (value && *value >= least && *value <= most) return value;
        mistake(*node,
                std::string(key) + ": expected a number from " + std::to_string(least) + " to " + std::to_string(most));
        return std::nullopt;
    }
    [[nodiscard]] std::optional<bool> flag(const toml::table& table, std::string_view key) {
        const auto* node = table.get(key);
        if (node == nullptr) return std::nullopt;
        const auto value = node->value_exact<bool>();
        if (!value) mistake(*node, std::string(key) + ": expected true or false");
        return value;
    }
    [[nodiscard]] std::optional<duration> span(const toml::table& table, std::string_view key, duration least) {
        const auto value = text(table, key, false);
        if (!value) return std::nullopt;
        const auto parsed = parse_duration(*value);
        if (!parsed)
            mistake(*table.get(key), key, parsed.error());
        else if (*parsed < least)
            mistake(*table.get(key), std::string(key) + ": is too short, expected at least " + written(least));
        else
            return *parsed;
        return std::nullopt;
    }

    [[nodiscard]] bool clean() const { return mistakes_.empty(); }
    [[nodiscard]] std::size_t mistakes() const { return mistakes_.size(); }
    // In order of line.
    [[nodiscard]] std::vector<error> take_mistakes() {
        std::ranges::stable_sort(mistakes_, {}, &located::line);
        std::vector<error> all;
        for (auto& one : mistakes_) all.push_back(std::move(one.problem));
        return all;
    }

private:
    static std::string written(duration least) {
        const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(least).count();
        return milliseconds % 1'000 == 0 ? std::to_string(milliseconds / 1'000) + "s"
                                         : std::to_string(milliseconds) + "ms";
    }
    // An assertion says nothing about its place; but a text that runs into one does so with whatever follows, and its
    // lines before do not.
    static std::size_t line_of_assertion(std::string_view text) {
        std::vector<std::size_t> ends;
        for (std::size_t at = 0; (at = text.find('\n', at)) != std::string_view::npos;) ends.push_back(++at);
        const auto clean = [&](std::size_t end) {
            try {
                static_cast<void>(toml::parse(text.substr(0, end)));
                return true;
            } catch (const toml_assertion&) {
                return false;
            }
        };
        return 1 + static_cast<std::size_t>(std::ranges::partition_point(ends, clean) - ends.begin());
    }

    struct located {
        std::size_t line = 0;
        error problem;
    };
    static std::size_t line_of(const toml::source_region& where) { return std::max<std::size_t>(where.begin.line, 1); }

    std::string code_;
    std::string file_;
    std::vector<located> mistakes_;
};

}  // namespace tessera
