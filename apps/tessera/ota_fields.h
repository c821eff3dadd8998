// Reads the fields of a line of `tessera ota` and writes those of an answer. Every error names the field.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/hex.h"
#include "base/result.h"
#include "base/secret.h"
#include "codec/secured_packet.h"

namespace tessera::app::ota {

using line_object = boost::json::object;

// The field's value; nothing when it is absent or null.
[[nodiscard]] const boost::json::value* find(const line_object& line, std::string_view field);
// Errors: missing_field, bad_type.
[[nodiscard]] result<std::string_view> text_of(const line_object& line, std::string_view field);
[[nodiscard]] result<bytes> octets_of(const line_object& line, std::string_view field);
[[nodiscard]] result<void> octets_into(const line_object& line, std::string_view field, std::span<std::uint8_t> to);
// A number, or text that is one in decimal. `absent` where there is none. Errors: bad_type, bad_range.
[[nodiscard]] result<std::uint32_t> number_of(const line_object& line, std::string_view field, std::uint32_t absent,
                                              std::uint32_t maximum);
// A key may be absent, null or "". Errors: bad_type, bad_hex, bad_key.
[[nodiscard]] result<secret> key_of(const line_object& line, std::string_view field);
// Ten digits; zero where there is none.
[[nodiscard]] result<std::uint64_t> counter_of(const line_object& line);

// Both keys and the algorithms agreed outside the standard, which the field `algorithm` names as ota.json does.
struct line_keys {
    secret kic;
    secret kid;
    codec::implicit_algorithms agreed;

    [[nodiscard]] codec::packet_keys view() const { return {kic.reveal(), kid.reveal()}; }
};
[[nodiscard]] result<line_keys> keys_of(const line_object& line);

enum class packet_direction : std::uint8_t { command, response };
// spi, kic, kid, cc_len and what was agreed; not the TAR. KIc or KID may be absent where the direction does not use it.
[[nodiscard]] result<codec::packet_security> security_of(const line_object& line, packet_direction direction,
                                                         const codec::implicit_algorithms& agreed);

// An answer under way: {"a":1,...}; names and texts are the program's own and need no escaping.
class answer_object {
public:
    explicit answer_object(std::string& out) : out_(out) { out_.push_back('{'); }
    void hex(std::string_view name, byte_view octets);
    void hex_list(std::string_view name, const std::vector<bytes>& list);
    void number(std::string_view name, std::uint32_t value);
    void word(std::string_view name, std::string_view value);      // a text of the program's own
    void truth(std::string_view name, std::optional<bool> value);  // null for nothing
    void counter(std::uint64_t value);                             // "cntr"
    void warnings(const std::vector<std::string_view>& texts);     // no field where there are none
    void finish() { out_.push_back('}'); }

private:
    void name(std::string_view name);
    std::string& out_;
    bool first_ = true;
};
void append_error(std::string& out, const error& problem);

}  // namespace tessera::app::ota
