#include "operations/file_watch.h"

#include <algorithm>
#include <array>

#include "base/hex.h"
#include "codec/remote_management.h"

namespace tessera::operations {
namespace {

using codec::toolkit_application_reference;
constexpr toolkit_application_reference sim_file_system{0xb0, 0x00, 0x10};
constexpr toolkit_application_reference shared_file_system{0xb0, 0x00, 0x00};
constexpr toolkit_application_reference usim_file_system{0xb0, 0x00, 0x11};
constexpr std::string_view current_application = "7fff";

std::optional<std::string> first_directory(const toolkit_application_reference& tar) {
    if (tar == sim_file_system || tar == shared_file_system) return "";
    if (tar == usim_file_system) return std::string(current_application);
    return std::nullopt;
}

// ETSI TS 102 221 clauses 11.1.4 and 11.1.6; 0: the current file.
std::uint8_t short_identifier(const codec::command_apdu& command) {
    switch (command.ins) {
        case codec::instruction::update_binary:
            return (command.p1 & 0x80U) != 0 ? command.p1 & 0x1fU : 0;
        case codec::instruction::update_record:
        case codec::instruction::increase:
            return static_cast<std::uint8_t>(command.p2 >> 3U);
        default:
            return 0;
    }
}

// Clause 11.1.6: P1 is the record where P2 b3-b1 says that it is a number; else it is the next, or the previous.
std::optional<std::uint16_t> record_of(const codec::command_apdu& command) {
    if (command.ins == codec::instruction::update_binary) return std::uint16_t{0};
    const bool absolute = (command.p2 & 7U) == 4 && command.p1 != 0;
    if (command.ins == codec::instruction::update_record && absolute) return command.p1;
    return std::nullopt;
}

bool same(const watched_file& one, const watched_file& other) {
    return one.directory == other.directory && one.identifier == other.identifier &&
           one.short_identifier == other.short_identifier && one.record == other.record;
}

void add(std::vector<watched_file>& to, watched_file one) {
    if (std::ranges::none_of(to, [&](const auto& known) { return same(known, one); })) to.push_back(std::move(one));
}

}  // namespace

std::optional<std::string> watched_file::path() const {
    if (!directory || identifier.empty() || short_identifier != 0) return std::nullopt;
    return directory->empty() ? identifier : *directory + "/" + identifier;
}

bool watched_file::may_be(std::string_view file, std::uint16_t of_record) const {
    if (record && *record != of_record) return false;
    const auto slash = file.rfind('/');
    const auto above = slash == std::string_view::npos ? std::string_view{} : file.substr(0, slash);
    if (directory && *directory != above) return false;
    const bool known = short_identifier == 0 && !identifier.empty();
    return !known || file.substr(slash == std::string_view::npos ? 0 : slash + 1) == identifier;
}

file_watch::file_watch(const toolkit_application_reference& tar) : directory_(first_directory(tar)) {}

void file_watch::select(const codec::command_apdu& command) {
    file_.clear();
    switch (command.p1) {
        case 0x04:  // by AID: an application, whose files are those of an ADF
            directory_ = std::string(current_application);
            return;
        case 0x03:  // the directory above
            directory_.reset();
            return;
        case 0x08:
            directory_ = std::string();
            break;
        default:
            break;
    }
    if (command.data.empty()) directory_ = std::string();  // ISO 7816-4: the master file
    for (std::size_t at = 0; at + 2 <= command.data.size(); at += 2) step(command.data.subspan(at, 2));
}

void file_watch::step(byte_view identifier) {
    const auto text = to_hex(identifier);
    file_.clear();
    if (text == "3f00")
        directory_ = std::string();
    else if (identifier[0] == 0x7f)  // of the first level, TS 102 221 clause 8.3
        directory_ = text;
    else if (identifier[0] == 0x5f)  // below one of the first, which it is selected from, or from beside it
        directory_ = directory_ && !directory_->empty()
                         ? std::optional(directory_->substr(0, directory_->find('/')) + "/" + text)
                         : std::nullopt;
    else
        file_ = text;
}

watched_file file_watch::target(const codec::command_apdu& command) const {
    const auto by = short_identifier(command);
    return {directory_, by == 0 ? file_ : std::string(), by, record_of(command)};
}

bool changes_file(std::uint8_t instruction, bool card_management) {
    constexpr std::array<std::uint8_t, 6> changing{codec::instruction::update_binary,
                                                   codec::instruction::update_record,
                                                   codec::instruction::increase,
                                                   0x04,
                                                   0x44,
                                                   0xe2};
    constexpr std::uint8_t resize_file = 0xd4;
    if (instruction == resize_file) return true;
    return !card_management && std::ranges::find(changing, instruction) != changing.end();
}

std::vector<watched_file> files_changed_by(const std::vector<bytes>& commands,
                                           const toolkit_application_reference& tar) {
    // TS 102 222 clause 6: CREATE, DELETE and TERMINATE. Which files go with a directory nobody can tell.
    constexpr std::array<std::uint8_t, 5> administering{0xe0, 0xe4, 0xe6, 0xe8, 0xfe};
    std::vector<watched_file> found;
    file_watch watch(tar);
    for (const auto& octets : commands) {
        const auto parsed = codec::parse_compact_script(octets);
        if (!parsed) {
            add(found, {});
            continue;
        }
        for (const auto& command : *parsed) {
            const bool card_management = (command.cla & 0x80U) != 0 && command.cla != 0xa0;
            if (command.ins == codec::instruction::select)
                watch.select(command);
            else if (changes_file(command.ins, card_management))
                add(found, watch.target(command));
            else if (!card_management && std::ranges::find(administering, command.ins) != administering.end())
                add(found, {});
        }
    }
    return found;
}

result<void> doubt_image_of(cards::card_store& cards, cards::card_id card, const std::vector<watched_file>& files) {
    if (files.empty()) return {};
    // Also of a file that the image knows nothing of yet: what an earlier packet proves late is of before.
    for (const auto& one : files)
        if (const auto path = one.path(); path && one.record) TESSERA_TRY(cards.doubt_image(card, *path, *one.record));
    TESSERA_TRY_VALUE(const auto image, cards.image(card));
    for (const auto& entry : image) {
        const auto meant = [&](const watched_file& one) { return one.may_be(entry.file, entry.record); };
        if (std::ranges::any_of(files, meant)) TESSERA_TRY(cards.doubt_image(card, entry.file, entry.record));
    }
    return {};
}

}  // namespace tessera::operations
