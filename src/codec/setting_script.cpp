#include "codec/setting_script.h"

#include <algorithm>

namespace tessera::codec {
namespace {

constexpr std::size_t range_octets = 4;  // offset and length of GET

}  // namespace

bool is_setting_name(std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    };
    return !name.empty() && name.size() <= setting_name_octets && std::ranges::all_of(name, fits);
}

void append_setting_command(bytes& out, const setting_command& command) {
    const bool sets = command.what == setting_command::kind::set;
    out.push_back(static_cast<std::uint8_t>(command.what));
    append_big_endian(out, 1 + command.name.size() + (sets ? command.content.size() : range_octets), 2);
    out.push_back(static_cast<std::uint8_t>(command.name.size()));
    append(out, as_bytes(command.name));
    if (sets) return append(out, command.content);
    append_big_endian(out, command.offset, 2);
    append_big_endian(out, command.length, 2);
}

result<setting_command> take_setting_command(byte_view& script) {
    byte_reader in(script);
    setting_command made;
    const auto tag = in.u8();
    const auto value = in.take(in.u16());
    if (in.failed()) return failure("truncated", "script", "a command ends before its length says");
    if (tag != static_cast<std::uint8_t>(setting_command::kind::set) &&
        tag != static_cast<std::uint8_t>(setting_command::kind::get))
        return failure("unknown_command", "script", "neither SET nor GET");
    made.what = static_cast<setting_command::kind>(tag);
    byte_reader inside(value);
    made.name = as_text(inside.take(inside.u8()));
    if (inside.failed() || !is_setting_name(made.name))
        return failure("bad_field", "name", "expected 1 to 64 of a-z, 0-9, '_', '.' and '-'");
    if (made.what == setting_command::kind::set) {
        made.content = inside.rest();
    } else {
        made.offset = inside.u16();
        made.length = inside.u16();
        if (inside.failed() || !inside.empty())
            return failure("bad_field", "range", "expected an offset and a length of two octets each");
    }
    script = in.rest();
    return made;
}

}  // namespace tessera::codec
