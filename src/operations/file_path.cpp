#include "operations/file_path.h"

#include "base/hex.h"

namespace tessera::operations {
namespace {

constexpr std::size_t identifier_digits = 4;
constexpr std::size_t elements_max = 8;

}  // namespace

result<std::string> parse_file_path(std::string_view text, std::string_view field) {
    const auto refused = [&] {
        return failure(
            "bad_path", field,
            "expected file identifiers of four hexadecimal digits from the master file down, as in 7f20/6f46");
    };
    std::string digits;
    std::size_t run = 0;
    if (text.starts_with('/')) text.remove_prefix(1);
    for (const char c : text) {
        if (c == '/') {
            if (run == 0 || run % identifier_digits != 0) return refused();
            run = 0;
        } else {
            digits.push_back(c);
            ++run;
        }
    }
    if (run == 0 || run % identifier_digits != 0 || digits.size() > elements_max * identifier_digits) return refused();
    const auto octets = from_hex(digits, field);
    if (!octets) return refused();
    auto canonical = to_hex(*octets);
    if (canonical.starts_with("3f00")) canonical.erase(0, identifier_digits);
    if (canonical.empty()) return refused();
    for (auto at = identifier_digits; at < canonical.size(); at += identifier_digits + 1) canonical.insert(at, 1, '/');
    return canonical;
}

result<found_file> find_file(std::string_view name_or_path, std::string_view field) {
    if (const auto* known = codec::find_uicc_file(name_or_path)) return found_file{std::string(known->path), known};
    auto path = parse_file_path(name_or_path, field);
    if (!path)
        return failure("bad_path", field,
                       "is no file that `tessera ef list` names and no path of file identifiers from the master file "
                       "down, as in 7f20/6f46");
    const auto* known = codec::find_uicc_file(*path);
    return found_file{std::move(*path), known};
}

bytes path_octets(std::string_view canonical) {
    std::string digits;
    for (const char c : canonical)
        if (c != '/') digits.push_back(c);
    return from_hex(digits).value_or(bytes{});
}

}  // namespace tessera::operations
