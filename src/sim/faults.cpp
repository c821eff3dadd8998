#include "sim/faults.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "base/random.h"
#include "base/system_error.h"
#include "sim/limits.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace tessera::sim {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(fault::count)> fault_names{
    "lose_submit",
    "lose_response",
    "duplicate",
    "reorder",
    "throttle",
    "queue_full",
    "unsecured_error",
    "response_follows",
    "receipt_before_submit_resp",
    "response_before_submit_resp",
    "card_off",
    "card_wrong_key",
    "card_no_paths",
    "card_one_part",
    "card_absent",
    "card_busy"};

struct named_duration {
    std::string_view name;
    duration fault_plan::*member;
};
constexpr std::array<named_duration, 6> duration_names{{{"delay", &fault_plan::delay},
                                                        {"drop_link_every", &fault_plan::drop_link_every},
                                                        {"response_follows_delay", &fault_plan::response_follows_delay},
                                                        {"absent_for", &fault_plan::absent_for},
                                                        {"smsc_retry", &fault_plan::smsc_retry},
                                                        {"smsc_validity", &fault_plan::smsc_validity}}};

result<void> read_key(fault_plan& plan, std::string_view key, const toml::node& node, std::string_view name) {
    const auto field = std::string(name) + ":" + std::to_string(node.source().begin.line) + " " + std::string(key);
    if (const auto kind = std::ranges::find(fault_names, key); kind != fault_names.end()) {
        const auto value = node.value<double>();
        if (!value || !(*value >= 0 && *value <= 1))
            return failure("out_of_range", field, "expected a probability from 0 to 1");
        plan.probability[static_cast<std::size_t>(kind - fault_names.begin())] = *value;
        return {};
    }
    for (const auto& known : duration_names) {
        if (known.name != key) continue;
        const auto text = node.value<std::string>();
        if (!text) return failure("bad_duration", field, "expected a duration in quotes, as in \"50ms\"");
        TESSERA_TRY_VALUE(plan.*known.member, parse_duration(*text, field));
        return {};
    }
    return failure("unknown_key", field, "no such fault; see src/sim/README.md");
}

// toml++ 3.3 asserts on some malformed tables and lists, and runs into undefined behaviour on some letters beyond ASCII
// in a bare key. A fault file needs none of them.
result<void> refuse_what_toml_stumbles_over(std::string_view toml, std::string_view name) {
    for (std::size_t line = 1; !toml.empty(); ++line) {
        const auto text = toml.substr(0, toml.find('\n'));
        toml.remove_prefix(std::min(text.size() + 1, toml.size()));
        const auto field = [&] { return std::string(name) + ":" + std::to_string(line); };
        if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x7f; }))
            return failure("bad_fault_file", field(), "a character beyond ASCII");
        if (text.substr(0, text.find('#')).find_first_of("[]{}") != std::string_view::npos)
            return failure("bad_fault_file", field(), "expected one key and value per line, no tables or lists");
    }
    return {};
}

}  // namespace

result<fault_plan> fault_plan::parse(std::string_view toml, std::string_view name, std::uint64_t seed) {
    TESSERA_TRY(refuse_what_toml_stumbles_over(toml, name));
    const auto parsed = toml::parse(toml, name);
    if (!parsed)
        return failure("bad_fault_file", std::string(name) + ":" + std::to_string(parsed.error().source().begin.line),
                       std::string(parsed.error().description()));
    fault_plan plan;
    plan.seed = seed;
    for (const auto& [key, node] : parsed.table()) TESSERA_TRY(read_key(plan, key.str(), node, name));
    return plan;
}

result<fault_plan> fault_plan::load(const std::filesystem::path& file, std::uint64_t seed) {
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    std::string text(limits::fault_file_octets + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!stream.is_open() || stream.bad()) return failure("unreadable", file.string(), with_reason("cannot be read"));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > limits::fault_file_octets)
        return failure("bad_fault_file", file.string(),
                       "longer than " + std::to_string(limits::fault_file_octets) + " octets");
    return parse(text, file.string(), seed);
}

double fault_plan::draw(fault kind, std::uint64_t card, std::uint64_t ordinal) const {
    constexpr std::uint64_t stride = 0x9e3779b97f4a7c15;
    auto hash = mix64(seed + stride);
    hash = mix64(hash ^ (static_cast<std::uint64_t>(kind) + 1) * stride);
    hash = mix64(hash ^ card);
    hash = mix64(hash + (ordinal + 1) * stride);
    return static_cast<double>(hash >> 11U) * 0x1.0p-53;
}

}  // namespace tessera::sim
