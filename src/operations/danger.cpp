#include "operations/danger.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/hex.h"
#include "base/limits.h"
#include "codec/apdu.h"
#include "codec/remote_management.h"
#include "codec/secured_packet.h"
#include "operations/file_watch.h"

namespace tessera::operations {
namespace {

using codec::toolkit_application_reference;
constexpr toolkit_application_reference issuer_security_domain{0x00, 0x00, 0x00};  // TS 101 220 annex D

struct dangerous_file {
    std::string_view identifier;  // the last of the path
    std::string_view parents;     // it stands in one of these; empty: in the master file
    std::uint8_t short_identifier;
    std::string_view name, why;
};

// 3GPP TS 31.102 and TS 51.011 clause 4, ETSI TS 102 221 clause 13. Not in it: what another campaign can put right over
// the air, such as names and network lists.
constexpr std::string_view applications = "7f20 7f21 7fff";
constexpr std::array<dangerous_file, 10> dangerous_files{{
    {"6f07", applications, 0x07, "EF_IMSI", "who the card is"},
    {"6f78", applications, 0x06, "EF_ACC", "whether the network lets it in"},
    {"6fad", applications, 0x03, "EF_AD", "how its IMSI is read"},
    {"6f38", applications, 0x04, "EF_UST", "which services it has, fixed dialling among them"},
    {"6f56", applications, 0x05, "EF_EST", "fixed dialling and barred dialling"},
    {"6f06", applications, 0x17, "EF_ARR", "who may write what"},
    {"6f06", "7f10", 0, "EF_ARR", "who may write what"},
    {"2f00", "", 0x1e, "EF_DIR", "which applications a phone finds"},
    {"2f06", "", 0x06, "EF_ARR", "who may write what"},
    {"2fe2", "", 0x02, "EF_ICCID", "who the card is"},
}};

// A directory by the last of its path; empty: the master file.
constexpr std::string_view some_directory = "?";  // nobody can tell which

bool stands_in(const dangerous_file& one, std::string_view directory) {
    if (directory == some_directory) return true;
    return directory.empty() ? one.parents.empty() : one.parents.find(directory) != std::string_view::npos;
}

template <class Is>
const dangerous_file* find_in(std::string_view directory, Is&& is) {
    const auto found =
        std::ranges::find_if(dangerous_files, [&](const auto& one) { return is(one) && stands_in(one, directory); });
    return found == dangerous_files.end() ? nullptr : &*found;
}

const dangerous_file* find(std::string_view directory, std::string_view identifier) {
    return find_in(directory, [&](const dangerous_file& one) { return one.identifier == identifier; });
}

void add(danger_list& to, std::string danger) {
    if (std::ranges::find(to, danger) == to.end()) to.push_back(std::move(danger));
}

void add_writing(danger_list& to, const dangerous_file& known, const std::string& path) {
    add(to, "it writes " + std::string(known.name) + " (" + path + "): " + std::string(known.why));
}

// --- applications

// By which a card is managed, and the network applications themselves: GlobalPlatform's and the first card managers',
// GSMA SGP.02 (eUICC), TS 101 220 annex E (USIM, ISIM, CSIM, SIM).
struct known_application {
    std::string_view prefix, what;
};
constexpr std::array<known_application, 7> vital_applications{{
    {"a000000151", "a security domain"},
    {"a000000003000000", "a security domain"},
    {"a0000005591010", "a security domain"},
    {"a0000000871002", "the USIM"},
    {"a0000000871004", "the ISIM"},
    {"a0000003431002", "the CSIM"},
    {"a0000000090001", "the SIM"},
}};

std::string vital(const bytes& identifier) {
    const auto text = to_hex(identifier);
    for (const auto& one : vital_applications)
        if (text.starts_with(one.prefix)) return std::string(one.what) + " (" + text + ")";
    return {};
}

struct privilege {
    std::uint8_t octet, bit;
    std::string_view what;
};
// GlobalPlatform Card Specification 2.2, table 6-1 and 11-7 to 11-9.
constexpr std::array<privilege, 7> dangerous_privileges{{
    {0, 0x80, "security domain"},
    {0, 0x10, "card lock"},
    {0, 0x08, "card terminate"},
    {0, 0x04, "card reset (default selected)"},
    {1, 0x10, "global delete"},
    {1, 0x08, "global lock"},
    {1, 0x02, "final application"},
}};

// --- commands

// What the commands of one packet change.
class command_watch {
public:
    explicit command_watch(const toolkit_application_reference& tar) : files_(tar) {}

    void take(const codec::command_apdu& command, danger_list& found) {
        const bool gsm = command.cla == 0xa0;
        const bool card_management = (command.cla & 0x80U) != 0 && !gsm;
        if (command.ins == codec::instruction::select) return files_.select(command);
        if (const auto what = card_management ? managing(command.ins) : ending(command.ins); !what.empty() && !gsm)
            return add(found, std::string(what));
        if (changes_file(command.ins, card_management)) update(command, found);
    }

private:
    // GlobalPlatform Card Specification 2.2, clause 11.1.
    static std::string_view managing(std::uint8_t instruction) {
        switch (instruction) {
            case 0xd8:
                return "it replaces keys of the card (PUT KEY)";
            case 0xda:
                return "it changes data of a security domain (PUT DATA)";
            case 0xe2:
                return "it personalises a security domain or one of its applications (STORE DATA)";
            case 0xe4:
                return "it deletes from the card (DELETE)";
            case 0xe6:
                return "it installs on the card (INSTALL)";
            case 0xe8:
                return "it loads into the card (LOAD)";
            case 0xf0:
                return "it changes the life cycle of the card or an application (SET STATUS)";
            default:
                return {};
        }
    }
    // ETSI TS 102 222 clause 6.
    static std::string_view ending(std::uint8_t instruction) {
        switch (instruction) {
            case 0xe4:
                return "it deletes a file (DELETE FILE)";
            case 0xe6:
                return "it ends a directory for good (TERMINATE DF)";
            case 0xe8:
                return "it ends a file for good (TERMINATE EF)";
            case 0xfe:
                return "it ends the card for good (TERMINATE CARD USAGE)";
            default:
                return {};
        }
    }
    // Of the file that is selected, or that P1 or P2 names. The compact format has no others.
    void update(const codec::command_apdu& command, danger_list& found) const {
        const auto target = files_.target(command);
        // A directory by the last of its path; empty: the master file.
        const auto directory =
            target.directory ? target.directory->substr(target.directory->rfind('/') + 1) : std::string(some_directory);
        const auto* known =
            target.short_identifier != 0
                ? find_in(directory,
                          [&](const dangerous_file& one) { return one.short_identifier == target.short_identifier; })
                : find(directory, target.identifier);
        if (known == nullptr) return;
        const auto name = std::string(known->identifier);
        const bool in_directory = target.directory && !directory.empty();
        add_writing(found, *known, in_directory ? directory + "/" + name : name);
    }

    file_watch files_;
};

// A counter that a card has taken is never taken back.
bool near_the_end(const std::optional<std::uint64_t>& counter) {
    return counter && *counter >= codec::counter_max - static_cast<std::uint64_t>(limits::counter_left_warning);
}

}  // namespace

danger_list dangers_of_writes(const std::vector<file_write>& writes, const toolkit_application_reference& tar) {
    danger_list found;
    for (const auto& write : writes) {
        const std::string_view path = write.file;
        const auto slash = path.rfind('/');
        const auto above = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
        const auto* known = find(above.substr(above.rfind('/') + 1), path.substr(slash + 1));
        if (known != nullptr) add_writing(found, *known, write.file);
    }
    // It has no files of a subscriber.
    if (!writes.empty() && tar == issuer_security_domain) add(found, "it speaks to the issuer security domain");
    return found;
}

danger_list dangers_of_applications(const std::vector<application_action>& actions) {
    danger_list found;
    for (const auto& one : actions) {
        if (one.kind == application_kind::remove) {
            if (const auto what = vital(one.removed); !what.empty()) add(found, "it deletes " + what);
            continue;
        }
        for (const auto* identifier : {&one.load_file, &one.module, &one.instance})
            if (const auto what = vital(*identifier); !what.empty()) add(found, "it installs " + what);
        if (one.kind != application_kind::install) continue;
        for (const auto& privilege : dangerous_privileges)
            if (privilege.octet < one.privileges.size() && (one.privileges[privilege.octet] & privilege.bit) != 0)
                add(found, "it installs an application with the privilege " + std::string(privilege.what));
    }
    return found;
}

danger_list dangers_of_commands(const std::vector<bytes>& commands, const toolkit_application_reference& tar) {
    danger_list found;
    command_watch watch(tar);
    for (const auto& octets : commands) {
        const auto parsed = codec::parse_compact_script(octets);
        if (!parsed) {
            add(found, "it runs a command that nobody can read");
            continue;
        }
        for (const auto& command : *parsed) watch.take(command, found);
    }
    return found;
}

danger_list dangers_of(const single_request& request) {
    switch (request.kind) {
        case operation_kind::write:
            return dangers_of_writes({request.file}, request.security.tar);
        case operation_kind::trial: {
            auto found = dangers_of_writes(request.writes, request.security.tar);
            found.insert(found.end(), request.trial.dangers.begin(), request.trial.dangers.end());
            return found;
        }
        case operation_kind::run:
            return dangers_of_commands(request.commands, request.security.tar);
        case operation_kind::resync:
            if (near_the_end(request.counter))
                return {"it leaves the key set almost no counters, and a card without any is blocked for good"};
            break;
        case operation_kind::read:
        case operation_kind::verify:
        case operation_kind::number:
            break;
    }
    return {};
}

std::string joined(const danger_list& dangers) {
    std::string text;
    for (const auto& one : dangers) text += (text.empty() ? "" : ", ") + one;
    return text;
}

}  // namespace tessera::operations
