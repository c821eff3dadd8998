#include "campaigns/text_template.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hex.h"
#include "cards/identifiers.h"

namespace tessera::campaigns {
namespace {

constexpr std::string_view open = "{{", close = "}}";

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

std::string_view to_string(variable_form form) {
    return form == variable_form::bcd ? "bcd" : form == variable_form::hex ? "hex" : "";
}

result<std::string> in_form(std::string_view name, std::string value, variable_form form) {
    if (form == variable_form::as_is) return value;
    if (form == variable_form::hex) return to_hex(as_bytes(value));
    if (value.empty() || !std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; }))
        return failure("bad_variable", name, "bcd takes digits");
    if (value.size() % 2 != 0) value.push_back('f');
    for (std::size_t at = 0; at < value.size(); at += 2) std::swap(value[at], value[at + 1]);
    return value;
}

}  // namespace

bool has_variables(std::string_view text) { return text.find(open) != std::string_view::npos; }

result<text_template> text_template::parse(std::string_view text) {
    text_template made;
    while (!text.empty()) {
        const auto begin = std::min(text.find(open), text.size());
        if (begin > 0) made.pieces_.push_back({false, std::string(text.substr(0, begin)), variable_form::as_is});
        text.remove_prefix(begin);
        if (text.empty()) break;
        const auto end = text.find(close);
        if (end == std::string_view::npos) return failure("bad_variable", "variable", "\"{{\" is not closed by \"}}\"");
        const auto inside = text.substr(open.size(), end - open.size());
        const auto bar = inside.find('|');
        const auto name = trimmed(inside.substr(0, bar));
        TESSERA_TRY_VALUE(auto known, cards::parse_variable_name(name));
        piece one{true, std::move(known), variable_form::as_is};
        if (bar != std::string_view::npos) {
            const auto form = trimmed(inside.substr(bar + 1));
            if (form != "bcd" && form != "hex")
                return failure("bad_variable", "variable",
                               "{{" + one.text + "|...}}: expected bcd or hex behind the bar");
            one.form = form == "bcd" ? variable_form::bcd : variable_form::hex;
        }
        made.pieces_.push_back(std::move(one));
        text.remove_prefix(end + close.size());
    }
    return made;
}

result<std::string> text_template::fill(const lookup& value_of) const {
    std::string made;
    for (const auto& one : pieces_) {
        if (!one.variable) {
            made += one.text;
            continue;
        }
        auto value = value_of(one.text);
        if (!value) return failure("no_variable", one.text, "the card has no such variable");
        TESSERA_TRY_VALUE(const auto formed, in_form(one.text, std::move(*value), one.form));
        made += formed;
    }
    return made;
}

std::vector<std::string_view> text_template::names() const {
    std::vector<std::string_view> found;
    for (const auto& one : pieces_)
        if (one.variable) found.emplace_back(one.text);
    return found;
}

std::string text_template::literals() const {
    std::string made;
    for (const auto& one : pieces_)
        if (!one.variable) made += one.text;
    return made;
}

std::string text_template::text() const {
    std::string made;
    for (const auto& one : pieces_) {
        if (!one.variable) {
            made += one.text;
            continue;
        }
        made.append(open).append(one.text);
        if (one.form != variable_form::as_is) made.append("|").append(to_string(one.form));
        made.append(close);
    }
    return made;
}

}  // namespace tessera::campaigns
