// The time formats of SMPP 3.4 clause 7.1.1.
#include <algorithm>

#include "codec/smpp_pdu.h"

namespace tessera::codec::smpp {
namespace {

constexpr std::size_t pairs = 6;  // years, months, days, hours, minutes, seconds
constexpr std::array<std::int64_t, pairs> pair_seconds{365 * 86'400, 30 * 86'400, 86'400, 3'600, 60, 1};
constexpr std::size_t first_written = 2;
constexpr std::int64_t pair_max = 99;

bool is_digit(char character) { return character >= '0' && character <= '9'; }

}  // namespace

std::array<char, 16> relative_time(std::chrono::seconds span) {
    std::array<char, 16> text{};
    text.fill('0');
    text.back() = 'R';
    auto left = std::max<std::int64_t>(span.count(), 0);
    for (std::size_t pair = first_written; pair < pairs; ++pair) {
        const auto count = std::min(left / pair_seconds.at(pair), pair_max);
        left -= count * pair_seconds.at(pair);
        text.at(2 * pair) = static_cast<char>('0' + count / 10);
        text.at(2 * pair + 1) = static_cast<char>('0' + count % 10);
    }
    return text;
}

std::optional<std::chrono::seconds> parse_relative_time(std::string_view text) {
    if (text.size() != 16 || text.back() != 'R' || !std::ranges::all_of(text.substr(0, 15), is_digit))
        return std::nullopt;
    std::int64_t sum = 0;
    for (std::size_t pair = 0; pair < pairs; ++pair)
        sum += ((text[2 * pair] - '0') * 10 + (text[2 * pair + 1] - '0')) * pair_seconds.at(pair);
    return std::chrono::seconds(sum);
}

}  // namespace tessera::codec::smpp
