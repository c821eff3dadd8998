#include "cards/profile_facts.h"

#include <algorithm>
#include <array>

#include "base/hex.h"

namespace tessera::cards {
namespace {

template <class Value>
void take_over(std::optional<Value>& into, const std::optional<Value>& from) {
    if (from) into = from;
}

std::string_view integrity_word(codec::integrity kind) {
    constexpr std::array<std::string_view, 4> words{"none", "rc", "cc", "ds"};
    return words[static_cast<std::size_t>(kind)];
}

}  // namespace

std::string_view to_string(select_method method) { return method == select_method::by_fid ? "by_fid" : "by_path"; }

std::optional<std::uint32_t> profile_facts::tar_of(std::string_view application) const {
    const auto found = std::ranges::find(tars, application, [](const auto& one) { return one.first; });
    return found == tars.end() ? std::nullopt : std::optional(found->second);
}

bool profile_facts::has_tar(std::uint32_t tar) const {
    return std::ranges::find(tars, tar, [](const auto& one) { return one.second; }) != tars.end();
}

std::string profile_facts::list_of_tars() const {
    std::string list;
    for (const auto& [name, tar] : tars) {
        bytes octets;
        append_big_endian(octets, tar, 3);
        list += (list.empty() ? "" : ", ") + name + " " + to_hex(octets);
    }
    return list;
}

const profile_batch* profile_entry::batch_of(std::string_view iccid) const {
    const auto found = std::ranges::find_if(batches, [&](const profile_batch& one) { return one.has(iccid); });
    return found == batches.end() ? nullptr : &*found;
}

profile_facts profile_entry::facts_of(const profile_batch* batch) const {
    auto made = facts;
    if (batch == nullptr) return made;
    const auto& own = batch->facts;
    if (!own.tars.empty()) made.tars = own.tars;
    if (!own.algorithms.empty()) made.algorithms = own.algorithms;
    take_over(made.minimum, own.minimum);
    take_over(made.parts_max, own.parts_max);
    take_over(made.longest_message, own.longest_message);
    take_over(made.quirks.cc_len, own.quirks.cc_len);
    take_over(made.quirks.select, own.quirks.select);
    take_over(made.quirks.concatenated_por, own.quirks.concatenated_por);
    take_over(made.quirks.replay_status, own.quirks.replay_status);
    take_over(made.quirks.secured_error_por, own.quirks.secured_error_por);
    return made;
}

security_words words_of(codec::security_parameter_indicator spi) {
    constexpr std::array<std::string_view, 4> counters{"none", "unchecked", "higher", "exactly one higher"};
    const auto yes = [](bool holds) -> std::string_view { return holds ? "yes" : "no"; };
    return {yes(spi.command_ciphered()), integrity_word(spi.command_integrity()),
            counters[static_cast<std::size_t>(spi.counter())], yes(spi.response_ciphered()),
            integrity_word(spi.response_integrity())};
}

}  // namespace tessera::cards
