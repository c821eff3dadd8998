// Expected failures are values. A function that can fail for a reason outside this program returns result<T>;
// asserts are for our own bugs. Nothing is swallowed: an error names what, which and why.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tessera {

struct error {
    std::string code;     // stable, for programs: snake_case, e.g. "bad_hex"
    std::string field;    // the input at fault, e.g. "kic_key" or "FILE:12 iccid"; empty when there is none
    std::string message;  // for people: what is wrong and which form is expected; never holds a secret
};

template <class T>
using result = std::expected<T, error>;

[[nodiscard]] inline std::unexpected<error> failure(std::string_view code, std::string_view field,
                                                    std::string message) {
    return std::unexpected<error>(error{std::string(code), std::string(field), std::move(message)});
}

// "field: message", or the message alone.
[[nodiscard]] inline std::string to_string(const error& problem) {
    return problem.field.empty() ? problem.message : problem.field + ": " + problem.message;
}

}  // namespace tessera

// Passes a failure on to the caller:
//   TESSERA_TRY(open(path));
//   TESSERA_TRY_VALUE(auto file, open(path));
// Both are several statements: they need braces below an `if`.
#define TESSERA_CONCAT_INNER(a, b) a##b
#define TESSERA_CONCAT(a, b) TESSERA_CONCAT_INNER(a, b)
#define TESSERA_TRY(expression)                                                           \
    do {                                                                                  \
        if (auto tessera_outcome = (expression); !tessera_outcome)                        \
            return std::unexpected<::tessera::error>(std::move(tessera_outcome).error()); \
    } while (false)
#define TESSERA_TRY_VALUE(declaration, expression)                                                               \
    auto TESSERA_CONCAT(tessera_outcome_, __LINE__) = (expression);                                              \
    if (!TESSERA_CONCAT(tessera_outcome_, __LINE__))                                                             \
        return std::unexpected<::tessera::error>(std::move(TESSERA_CONCAT(tessera_outcome_, __LINE__)).error()); \
    declaration = std::move(*TESSERA_CONCAT(tessera_outcome_, __LINE__))
