// Applications of a card: what is to be loaded, installed or deleted, turned into scripts for its card manager (ETSI TS
// 102 226 clause 8, GlobalPlatform Card Specification clause 11), and the scripts that ask what there is.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "operations/script.h"

namespace tessera::operations {

enum class application_kind : std::uint8_t {
    load,     // a load file
    install,  // an application of a load file, which is loaded before if `components` are there
    remove,   // an application or a load file
};

struct application_action {
    application_kind kind = application_kind::install;
    bytes load_file;               // AID of the package
    bytes version;                 // of the package, major and minor; empty: not known
    bytes components;              // of the load file; empty: it is on the card already
    bytes security_domain;         // that the load file goes to; empty: the one that is spoken to
    bytes module, instance;        // AIDs
    bytes privileges{0x00};        // 1 or 3 octets
    bytes parameters{0xc9, 0x00};  // of INSTALL [for install]
    bytes removed;                 // AID
    bool with_related = false;     // removes a load file's applications, too
};

// INSTALL and LOAD packed into as few scripts as the shape allows, in order; DELETE alone in its own, since a card on
// which there is nothing to delete runs no command behind it. In the compact format: put_into_shape() does the rest.
// Errors: bad_aid, too_long (a command of more than 255 octets of data, more than 256 blocks), bad_length (a command
// does not fit a packet).
[[nodiscard]] result<std::vector<script>> application_scripts(const std::vector<application_action>& actions,
                                                              const script_shape& shape);

// GET STATUS for what the actions leave behind, each in a script of its own. Views into the actions.
[[nodiscard]] std::vector<read_back> application_read_backs(const std::vector<application_action>& actions);

}  // namespace tessera::operations
