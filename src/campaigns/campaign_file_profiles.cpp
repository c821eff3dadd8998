#include "campaigns/campaign_file_profiles.h"

#include <array>

#include "base/hex.h"

namespace tessera::campaigns {
namespace {

std::size_t line_of(const toml::node& node) { return node.source().begin.line; }

}  // namespace

profile_terms read_profile_terms(const toml::table& root, checked_toml& notes) {
    profile_terms made;
    for (const auto* action : {"setting", "write", "application", "key"})
        if (const auto* node = root.get(action)) made.writes_line = line_of(*node);
    if (const auto* telecom = root["telecom"].as_table())
        if (const auto* parts = telecom->get("parts_max")) {
            made.parts_max_given = true;
            made.parts_max_line = line_of(*parts);
        }
    const auto* security = root["security"].as_table();
    if (security == nullptr) return made;
    if (const auto* spi = security->get("spi")) made.spi_line = line_of(*spi);
    if (const auto* octets = security->get("cc_len")) {
        made.cc_len_given = true;
        made.cc_len_line = line_of(*octets);
    }
    const auto* tar = security->get("tar");
    const auto* application = security->get("application");
    if (tar != nullptr) made.application_line = line_of(*tar);
    if (application == nullptr) return made;
    made.application_line = line_of(*application);
    if (tar != nullptr) notes.mistake(*application, "tar and application: exactly one of them says who is spoken to");
    made.application = notes.text(*security, "application", true).value_or("");
    if (made.application.empty() && application->is_string())
        notes.mistake(*application, "application: expected a name of the profile's `tars`");
    return made;
}

void read_resolved(const toml::table& root, bool stored, definition& into, checked_toml& notes) {
    if (!stored && root.contains("resolved"))
        return notes.mistake(*root.get("resolved"), "[resolved] is written when a campaign is created, not by hand");
    const auto* found = notes.section(root, "resolved", false);
    if (found == nullptr) return;
    const auto& section = *found;
    notes.only(section, {"tar", "cc_len", "parts_max", "longest_message", "select", "concatenated_por"}, "[resolved]");
    if (const auto tar = notes.text(section, "tar", false))
        if (auto read = from_hex_into(*tar, into.security.tar); !read)
            notes.mistake(*section.get("tar"), "tar", read.error());
    if (const auto octets = notes.number(section, "cc_len", 4, 8))
        into.security.aes_checksum_octets = static_cast<std::uint8_t>(*octets);
    if (const auto parts = notes.number(section, "parts_max", 1, 255))
        into.parts_max = static_cast<std::size_t>(*parts);
    if (const auto octets = notes.number(section, "longest_message", 64, 65'535))
        into.style.octets_max = static_cast<std::size_t>(*octets);
    into.style.select_step_by_step = notes.text(section, "select", false) == "by_fid";
    if (notes.flag(section, "concatenated_por") == false) into.style.piece_octets = operations::lone_answer_octets;
}

}  // namespace tessera::campaigns
