// Texts with variables of the card in them: "{{imsi}}", "01{{display|hex}}ff".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tessera::campaigns {

enum class variable_form : std::uint8_t {
    as_is,
    bcd,  // digits as nibbles, the first one low, filled up with f: the form of EF_ICCID (ETSI TS 102 221 clause 13.2)
    hex,  // the octets of the text in hexadecimal
};

class text_template {
public:
    // Errors: bad_variable (a brace out of place, a name or form that is none).
    [[nodiscard]] static result<text_template> parse(std::string_view text);

    // What has the value of a variable; nothing: the card has none of that name.
    using lookup = std::function<std::optional<std::string>(std::string_view name)>;
    // Errors: no_variable, with the name as field; bad_variable (bcd of something else than digits).
    [[nodiscard]] result<std::string> fill(const lookup& value_of) const;

    // In order, each as often as it stands there.
    [[nodiscard]] std::vector<std::string_view> names() const;
    // What stands around the variables.
    [[nodiscard]] std::string literals() const;
    // As it is written; what parses, parses again from it to the same.
    [[nodiscard]] std::string text() const;

private:
    struct piece {
        bool variable = false;
        std::string text;  // or the name
        variable_form form = variable_form::as_is;
    };
    std::vector<piece> pieces_;
};

// There is something to parse.
[[nodiscard]] bool has_variables(std::string_view text);

}  // namespace tessera::campaigns
