// Which files commands speak of: what they select is followed as ETSI TS 102 221 clauses 8.4 and 11.1.1 have it, as far
// as the commands tell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "cards/store.h"
#include "codec/apdu.h"
#include "codec/secured_packet.h"

namespace tessera::operations {

// A file that a command may change.
struct watched_file {
    std::optional<std::string> directory;  // its path, canonical; empty: the master file; nothing: nobody can tell
    std::string identifier;                // four digits; empty: none is selected, or a short identifier says which
    std::uint8_t short_identifier = 0;     // 0: the one that is selected
    std::optional<std::uint16_t> record;   // 0: no record; nothing: nobody can tell

    // Canonical, where everything is known.
    [[nodiscard]] std::optional<std::string> path() const;
    // Whether an entry of an image may be of this file.
    [[nodiscard]] bool may_be(std::string_view file, std::uint16_t record) const;
};

class file_watch {
public:
    // What is selected at first: TS 102 226 clause 8.2.1 says where a remote application begins.
    explicit file_watch(const codec::toolkit_application_reference& tar);

    // A SELECT.
    void select(const codec::command_apdu& command);
    // What another command speaks of.
    [[nodiscard]] watched_file target(const codec::command_apdu& command) const;

private:
    void step(byte_view identifier);

    std::optional<std::string> directory_;
    std::string file_;
};

// ETSI TS 102 221 clause 11.1, TS 102 222: what changes a file, or whether it can be used. `card_management`: the class
// is GlobalPlatform's.
[[nodiscard]] bool changes_file(std::uint8_t instruction, bool card_management);

// The files that APDUs may change, which an application runs one after another; each once. A command that nobody can
// read may change any.
[[nodiscard]] std::vector<watched_file> files_changed_by(const std::vector<bytes>& commands,
                                                         const codec::toolkit_application_reference& tar);

// Whatever of the image may be of one of these files is doubted: a command that may change it is about to be sent. In
// the caller's transaction.
[[nodiscard]] result<void> doubt_image_of(cards::card_store& cards, cards::card_id card,
                                          const std::vector<watched_file>& files);

}  // namespace tessera::operations
