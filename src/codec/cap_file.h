// CAP files: what a Java Card converter makes of a package (Java Card Virtual Machine Specification 3.0.5 chapter 6), a
// zip archive with a file for each component.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tessera::codec {

struct cap_file {
    bytes package;                   // its AID, out of the header component
    std::uint8_t version_major = 0;  // of the package
    std::uint8_t version_minor = 0;
    std::vector<bytes> applets;  // their AIDs, out of the applet component; none in a library
    bytes components;            // in the order in which a card wants them (clause 6.2)
};

struct cap_options {
    bool descriptor = false;  // sent too; only cards that verify what they load want it
};
// Debug components are left out. Errors: those of read_zip(); not_a_cap (no component in it), bad_name (an unknown
// component, components of several packages), duplicate_component, missing_component, bad_component (its tag, length or
// contents are not those of such a component), unsupported (the extended format of Java Card 3.1), too_long
// (limits::load_file_octets).
[[nodiscard]] result<cap_file> read_cap(byte_view archive, const cap_options& options = {});

// What the components of a load file say of it, as a card reads them: AIDs and version out of header and applets, every
// component whole and in order. `components` of the result stays empty. Errors: bad_component, missing_component,
// duplicate_component, bad_name.
[[nodiscard]] result<cap_file> read_components(byte_view components);

}  // namespace tessera::codec
