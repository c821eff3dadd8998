#include "campaigns/danger.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace tessera::campaigns {
namespace {

struct dangerous_file {
    std::string_view identifier;  // the last of the path
    std::string_view parents;     // it stands in one of these; empty: in the master file
    std::string_view name, why;
};

// 3GPP TS 31.102 and TS 51.011 clause 4, ETSI TS 102 221 clause 13. Not in it: what another campaign can put right over
// the air, such as names and network lists.
constexpr std::string_view applications = "7f20 7f21 7fff";
constexpr std::array<dangerous_file, 10> dangerous_files{{
    {"6f07", applications, "EF_IMSI", "who the card is"},
    {"6f78", applications, "EF_ACC", "whether the network lets it in"},
    {"6fad", applications, "EF_AD", "how its IMSI is read"},
    {"6f38", applications, "EF_UST", "which services it has, fixed dialling among them"},
    {"6f56", applications, "EF_EST", "fixed dialling and barred dialling"},
    {"6f06", applications, "EF_ARR", "who may write what"},
    {"6f06", "7f10", "EF_ARR", "who may write what"},
    {"2f00", "", "EF_DIR", "which applications a phone finds"},
    {"2f06", "", "EF_ARR", "who may write what"},
    {"2fe2", "", "EF_ICCID", "who the card is"},
}};

const dangerous_file* find(std::string_view path) {
    const auto slash = path.rfind('/');
    const auto identifier = slash == std::string_view::npos ? path : path.substr(slash + 1);
    const auto above = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
    const auto parent = above.substr(above.rfind('/') + 1);
    const auto found = std::ranges::find_if(dangerous_files, [&](const dangerous_file& one) {
        if (one.identifier != identifier) return false;
        return parent.empty() ? one.parents.empty() : one.parents.find(parent) != std::string_view::npos;
    });
    return found == dangerous_files.end() ? nullptr : &*found;
}

}  // namespace

std::string dangers_of(const definition& what) {
    std::string text;
    const auto add = [&](const std::string& danger) { text += (text.empty() ? "" : ", ") + danger; };
    for (const auto& write : what.writes)
        if (const auto* known = find(write.file))
            add("it writes " + std::string(known->name) + " (" + write.file + "): " + std::string(known->why));
    // TS 101 220 annex D: the issuer security domain, which has no files of a subscriber.
    if (!what.writes.empty() && what.security.tar == codec::toolkit_application_reference{0, 0, 0})
        add("it speaks to the issuer security domain");
    if (what.rotation) add("it replaces keys of the cards (PUT KEY)");
    return text;
}

}  // namespace tessera::campaigns
