#include "telecom/route.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/random.h"

namespace tessera::telecom {
namespace {

// How many digits of the number the SMSC's longest fitting prefix has; nothing when none fits.
std::optional<std::size_t> fit(const smsc_settings& smsc, std::string_view digits) {
    if (smsc.prefixes.empty()) return 0;
    std::optional<std::size_t> longest;
    for (const auto& prefix : smsc.prefixes)
        if (digits.starts_with(prefix) && (!longest || prefix.size() > *longest)) longest = prefix.size();
    return longest;
}

}  // namespace

route route_by(std::string_view name) { return name == any_smsc ? route{{}} : route{{std::string(name)}}; }

std::string describe(const route& way) {
    std::string text;
    for (const auto& name : way.smscs) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? std::string(any_smsc) : text;
}

route_table::route_table(std::vector<const smsc_settings*> smscs) : smscs_(std::move(smscs)) {
    if (smscs_.size() > limits::smscs) smscs_.resize(limits::smscs);
}

std::span<const std::uint8_t> route_table::candidates(subscriber_number subscriber, choice& room) const {
    std::array<char, 20> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), subscriber).ptr;
    const std::string_view digits(text.data(), static_cast<std::size_t>(end - text.data()));
    std::array<std::size_t, limits::smscs> fits{};
    std::size_t found = 0;
    for (std::size_t place = 0; place < smscs_.size(); ++place)
        if (const auto length = fit(*smscs_[place], digits)) {
            fits[place] = *length;
            room[found++] = static_cast<std::uint8_t>(place);
        }
    const auto all = std::span(room).first(found);
    std::ranges::stable_sort(all, [&](std::uint8_t left, std::uint8_t right) {
        if (fits[left] != fits[right]) return fits[left] > fits[right];
        return smscs_[left]->priority < smscs_[right]->priority;
    });
    for (std::size_t begin = 0; begin < found;) {
        std::size_t behind = begin, weights = 0;
        for (; behind < found && fits[all[behind]] == fits[all[begin]] &&
               smscs_[all[behind]]->priority == smscs_[all[begin]]->priority;
             ++behind)
            weights += smscs_[all[behind]]->weight;
        const auto equals = all.subspan(begin, behind - begin);
        if (equals.size() > 1) {
            auto share = mix64(subscriber) % weights;
            auto first = equals.begin();
            for (; share >= smscs_[*first]->weight; ++first) share -= smscs_[*first]->weight;
            std::ranges::rotate(equals, first);
        }
        begin = behind;
    }
    return all;
}

}  // namespace tessera::telecom
