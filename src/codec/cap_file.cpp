#include "codec/cap_file.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/limits.h"
#include "codec/global_platform.h"
#include "codec/zip_archive.h"

namespace tessera::codec {
namespace {

struct component_kind {
    std::string_view name;
    std::uint8_t tag;
    bool needed;
};
// JCVM table 6-1 (tags, which are optional) in the order of table 6-3, in which they are installed.
constexpr auto kinds = std::to_array<component_kind>({{"Header", 1, true},
                                                      {"Directory", 2, true},
                                                      {"Import", 4, true},
                                                      {"Applet", 3, false},
                                                      {"Class", 6, true},
                                                      {"Method", 7, true},
                                                      {"StaticField", 8, true},
                                                      {"Export", 10, false},
                                                      {"ConstantPool", 5, true},
                                                      {"RefLocation", 9, true},
                                                      {"Descriptor", 11, false},
                                                      {"Debug", 12, false}});
constexpr std::size_t header = 0, applets = 3, descriptor = 10, debug = 11;
constexpr std::size_t component_overhead = 3;  // tag and size
using component_set = std::array<std::optional<byte_view>, kinds.size()>;

constexpr std::string_view suffix = ".cap", extended_suffix = ".capx";

bool ends_with_ignoring_case(std::string_view name, std::string_view end) {
    if (name.size() < end.size()) return false;
    return std::ranges::equal(name.substr(name.size() - end.size()), end, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

std::unexpected<error> bad_component(std::size_t kind, std::string_view what) {
    return failure("bad_component", kinds[kind].name, std::string(kinds[kind].name) + ".cap: " + std::string(what));
}

// Tag and size are those of the file's name, and nothing stands behind.
result<void> check_frame(std::size_t kind, byte_view octets) {
    if (octets.size() < component_overhead) return bad_component(kind, "is shorter than a tag and a size");
    if (octets[0] != kinds[kind].tag)
        return bad_component(
            kind, "its tag is " + std::to_string(octets[0]) + " instead of " + std::to_string(kinds[kind].tag));
    const auto size = load_big_endian(octets.subspan(1, 2));
    if (size != octets.size() - component_overhead)
        return bad_component(kind, "says " + std::to_string(size) + " octets, " +
                                       std::to_string(octets.size() - component_overhead) + " are there");
    return {};
}

result<void> read_header(byte_view octets, cap_file& into) {
    constexpr std::uint32_t magic = 0xdecaffed;
    byte_reader reader(octets.subspan(component_overhead));
    if (reader.u32() != magic) return bad_component(header, "does not begin with DECAFFED");
    static_cast<void>(reader.take(2));  // of the format
    static_cast<void>(reader.u8());     // flags
    into.version_minor = reader.u8();
    into.version_major = reader.u8();
    into.package = to_bytes(reader.take(reader.u8()));
    if (reader.failed()) return bad_component(header, "ends early");
    if (!global_platform::is_aid(into.package))
        return bad_component(header, "the package's AID has not 5 to 16 octets");
    return {};
}

result<void> read_applets(byte_view octets, cap_file& into) {
    byte_reader reader(octets.subspan(component_overhead));
    const auto count = reader.u8();
    for (std::size_t i = 0; i < count && !reader.failed(); ++i) {
        auto aid = to_bytes(reader.take(reader.u8()));
        static_cast<void>(reader.u16());  // install_method_offset
        if (!reader.failed() && !global_platform::is_aid(aid))
            return bad_component(applets, "an applet's AID has not 5 to 16 octets");
        into.applets.push_back(std::move(aid));
    }
    if (reader.failed() || !reader.empty() || count == 0) return bad_component(applets, "is not the list that it says");
    return {};
}

result<cap_file> describe(const component_set& found) {
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
        if (found[kind])
            TESSERA_TRY(check_frame(kind, *found[kind]));
        else if (kinds[kind].needed)
            return failure("missing_component", kinds[kind].name, std::string(kinds[kind].name) + ".cap is missing");
    }
    cap_file made;
    TESSERA_TRY(read_header(*found[header], made));
    if (found[applets]) TESSERA_TRY(read_applets(*found[applets], made));
    return made;
}

// Which component an entry is, and in which folder it stands.
result<std::size_t> kind_of(std::string_view name, std::string& folder, bool first) {
    const auto slash = name.rfind('/');
    const auto in = slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
    const auto base = slash == std::string_view::npos ? name : name.substr(slash + 1);
    if (ends_with_ignoring_case(name, extended_suffix))
        return failure("unsupported", "archive",
                       std::string(name) + ": the extended format of Java Card 3.1 cannot be loaded");
    if (first)
        folder = in;
    else if (folder != in)
        return failure("bad_name", "archive",
                       "components stand in " + folder + " and in " + std::string(in) + ": one package is expected");
    for (std::size_t kind = 0; kind < kinds.size(); ++kind)
        if (base == std::string(kinds[kind].name) + std::string(suffix)) return kind;
    return failure("bad_name", "archive", std::string(name) + " is no component that the standard names");
}

}  // namespace

result<cap_file> read_cap(byte_view archive, const cap_options& options) {
    TESSERA_TRY_VALUE(const auto entries,
                      read_zip(archive, {limits::cap_entries, limits::load_file_octets}, [](std::string_view name) {
                          return ends_with_ignoring_case(name, suffix) ||
                                 ends_with_ignoring_case(name, extended_suffix);
                      }));
    if (entries.empty()) return failure("not_a_cap", "archive", "holds no component, that is no NAME.cap");
    component_set found;
    std::string folder;
    for (const auto& entry : entries) {
        TESSERA_TRY_VALUE(const auto kind, kind_of(entry.name, folder, &entry == entries.data()));
        if (found[kind]) return failure("duplicate_component", "archive", entry.name + " stands twice in it");
        found[kind] = entry.octets;
    }
    TESSERA_TRY_VALUE(auto made, describe(found));
    for (std::size_t kind = 0; kind < kinds.size(); ++kind)
        if (found[kind] && kind != debug && (kind != descriptor || options.descriptor))
            append(made.components, *found[kind]);
    if (made.components.size() > limits::load_file_octets)
        return failure("too_long", "archive",
                       "the components have more than " + std::to_string(limits::load_file_octets) + " octets");
    return made;
}

result<cap_file> read_components(byte_view components) {
    component_set found;
    std::size_t reached = 0;
    while (!components.empty()) {
        const auto at = std::ranges::find(kinds, components[0], &component_kind::tag);
        if (at == kinds.end())
            return failure("bad_name", "load_file", "no component has the tag " + std::to_string(components[0]));
        const auto kind = static_cast<std::size_t>(at - kinds.begin());
        if (found[kind]) return failure("duplicate_component", at->name, "stands twice in the load file");
        if (kind < reached) return bad_component(kind, "comes too late");
        reached = kind;
        const auto size =
            components.size() < component_overhead
                ? components.size() + 1
                : component_overhead + static_cast<std::size_t>(load_big_endian(components.subspan(1, 2)));
        if (size > components.size()) return bad_component(kind, "ends early");
        found[kind] = components.first(size);
        components = components.subspan(size);
    }
    return describe(found);
}

}  // namespace tessera::codec
