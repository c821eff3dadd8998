#include "operations/application_evidence.h"

#include <algorithm>

#include "codec/apdu.h"
#include "codec/global_platform.h"

namespace tessera::operations {

namespace gp = codec::global_platform;

bool says_absent(std::uint16_t status_word) { return status_word == 0x6a88 || status_word == 0x6a82; }

bool may_mean_present(std::uint16_t status_word) {
    return status_word == 0x6985 || status_word == 0x6a80 || status_word == 0x6a88;
}

object_state state_of(expectation expect, byte_view aid, byte_view version, std::uint16_t status_word, byte_view data) {
    if (says_absent(status_word))
        return expect == expectation::absent ? object_state::as_wanted : object_state::otherwise;
    if (!codec::is_success(status_word)) return object_state::unreadable;
    const auto listed = gp::parse_status(data);
    if (!listed) return object_state::unreadable;
    const auto found = std::ranges::find_if(*listed, [&](const auto& one) { return std::ranges::equal(one.aid, aid); });
    const bool there = found != listed->end();
    if (expect == expectation::absent) return there ? object_state::otherwise : object_state::as_wanted;
    if (!there) return object_state::otherwise;
    if (expect == expectation::loaded) {
        if (version.empty() || std::ranges::equal(found->version, version)) return object_state::as_wanted;
        return found->version.empty() ? object_state::unversioned : object_state::otherwise;
    }
    constexpr std::uint8_t locked = 0x80;
    const bool selectable = (found->life_cycle & gp::application_selectable) == gp::application_selectable &&
                            (found->life_cycle & locked) == 0;
    return selectable ? object_state::as_wanted : object_state::otherwise;
}

}  // namespace tessera::operations
