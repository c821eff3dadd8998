#include "codec/smpp_pdu.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"
#include "codec/smpp_pdu_table.h"

namespace tessera::codec::smpp {
namespace {

using table::field_spec;
using table::other_field;
using table::wire;

// ---- decoding

// Where decoding stands, and the first thing that was wrong. Every read either moves forward inside `rest` or fails.
struct cursor {
    byte_view rest;
    std::string_view code;  // empty: nothing wrong so far
    std::string_view field;

    bool fail(std::string_view what, const field_spec& spec) {
        code = what;
        field = spec.name;
        return false;
    }
};

bool read(cursor& in, const field_spec& spec, std::uint8_t& to) {
    if (in.rest.empty()) return in.fail("truncated", spec);
    to = in.rest[0];
    in.rest = in.rest.subspan(1);
    return true;
}

bool read_word(cursor& in, const field_spec& spec, std::uint32_t& to) {
    if (in.rest.size() < 4) return in.fail("truncated", spec);
    to = static_cast<std::uint32_t>(load_big_endian(in.rest.first(4)));
    in.rest = in.rest.subspan(4);
    return true;
}

bool read(cursor& in, const field_spec& spec, std::string_view& to) {
    const auto window = in.rest.first(std::min(in.rest.size(), spec.maximum));
    if (window.empty()) return in.fail("truncated", spec);
    if (window[0] == 0) {  // most texts of most messages are empty
        to = {};
        in.rest = in.rest.subspan(1);
        return true;
    }
    const auto* const end = static_cast<const std::uint8_t*>(std::memchr(window.data(), 0, window.size()));
    if (end == nullptr) return in.fail(window.size() < spec.maximum ? "truncated" : "bad_field", spec);
    const auto length = static_cast<std::size_t>(end - window.data());
    to = as_text(in.rest.first(length));
    in.rest = in.rest.subspan(length + 1);
    return true;
}

bool read(cursor& in, const field_spec& spec, byte_view& to) {
    if (in.rest.empty()) return in.fail("truncated", spec);
    const std::size_t length = in.rest[0];
    if (length > spec.maximum) return in.fail("bad_field", spec);
    if (length + 1 > in.rest.size()) return in.fail("truncated", spec);
    to = in.rest.subspan(1, length);
    in.rest = in.rest.subspan(length + 1);
    return true;
}

bool read_options(cursor& in, optional_parameters& to) {
    static constexpr field_spec spec{"optional_parameters"};
    while (!in.rest.empty()) {
        if (in.rest.size() < 4 || to.size() == limits::smpp_optional_parameters) return in.fail("bad_option", spec);
        const auto tag = static_cast<std::uint16_t>(load_big_endian(in.rest.first(2)));
        const auto length = static_cast<std::size_t>(load_big_endian(in.rest.subspan(2, 2)));
        if (length > in.rest.size() - 4) return in.fail("bad_option", spec);
        to.push_back({tag, in.rest.subspan(4, length)});
        in.rest = in.rest.subspan(4 + length);
    }
    return true;
}

template <class Body>
bool read_body(cursor& in, Body& body) {
    const bool whole =
        std::apply([&](const auto&... field) { return (read(in, field.spec, field.access(body)) && ...); },
                   table::layout<Body>::fields);
    if constexpr (table::layout<Body>::options) return whole && read_options(in, body.options);
    return whole;
}

bool read_other(cursor& in, std::span<const other_field> fields, other_body& body);

bool read_list(cursor& in, const other_field& field, other_body& body) {
    std::uint8_t count = 0;
    if (!read(in, field.spec, count)) return false;
    if (count > field.spec.maximum) return in.fail("bad_field", field.spec);
    body.fields.push_back({field.spec.name, std::uint32_t{count}});
    for (unsigned i = 0; i < count; ++i) {
        if (field.form == wire::failures) {
            if (!read_other(in, table::unsuccess_sme, body)) return false;
            continue;
        }
        std::uint8_t flag = 0;
        if (!read(in, table::dest_flag.spec, flag)) return false;
        if (flag != table::flag_address && flag != table::flag_distribution_list)
            return in.fail("bad_field", table::dest_flag.spec);
        body.fields.push_back({table::dest_flag.spec.name, std::uint32_t{flag}});
        const std::span<const other_field> form =
            flag == table::flag_address ? std::span<const other_field>(table::sme_address) : table::distribution_list;
        if (!read_other(in, form, body)) return false;
    }
    return true;
}

template <class Value>
bool read_into(cursor& in, const field_spec& spec, other_body& body) {
    Value value{};
    if (!read(in, spec, value)) return false;
    if constexpr (std::is_same_v<Value, std::uint8_t>)
        body.fields.push_back({spec.name, std::uint32_t{value}});
    else
        body.fields.push_back({spec.name, value});
    return true;
}

bool read_field(cursor& in, const other_field& field, other_body& body) {
    switch (field.form) {
        case wire::octet:
            return read_into<std::uint8_t>(in, field.spec, body);
        case wire::text:
            return read_into<std::string_view>(in, field.spec, body);
        case wire::octets:
            return read_into<byte_view>(in, field.spec, body);
        case wire::word: {
            std::uint32_t value = 0;
            if (!read_word(in, field.spec, value)) return false;
            body.fields.push_back({field.spec.name, value});
            return true;
        }
        case wire::destinations:
        case wire::failures:
            return read_list(in, field, body);
    }
    return false;
}

bool read_other(cursor& in, std::span<const other_field> fields, other_body& body) {
    return std::ranges::all_of(fields, [&](const other_field& field) { return read_field(in, field, body); });
}

bool read_any(cursor& in, const table::command_entry& entry, body& to) {
    switch (entry.body_index) {
        case table::bind_index:
            return read_body(in, to.emplace<bind>());
        case table::bind_response_index:
            return read_body(in, to.emplace<bind_response>());
        case table::short_message_index:
            return read_body(in, to.emplace<short_message>());
        case table::message_response_index:
            return read_body(in, to.emplace<message_response>());
        case table::other_index: {
            auto& other = to.emplace<other_body>();
            return read_other(in, entry.other.fields, other) &&
                   (!entry.other.options || read_options(in, other.options));
        }
        default:
            return true;
    }
}

std::unexpected<error> refusal(const cursor& in, command id) {
    const std::string name(command_name(id));
    if (in.code == "truncated") return failure(in.code, in.field, name + " ends inside this field");
    if (in.code == "bad_option")
        return failure(in.code, in.field, name + ": a parameter is longer than what is left, or there are too many");
    return failure(in.code, in.field, name + ": longer than SMPP 3.4 allows, not terminated, or of unknown form");
}

header read_header(byte_view octets) {
    const auto word = [&](std::size_t at) {
        return static_cast<std::uint32_t>(load_big_endian(octets.subspan(at, 4)));
    };
    return {.length = word(0), .id = static_cast<command>(word(4)), .status = word(8), .sequence = word(12)};
}

result<void> decode_into(byte_view octets, header& head, pdu& unit) {
    if (octets.size() < header_octets) return failure("truncated", "header", "a PDU has at least 16 octets");
    head = read_header(octets);
    if (head.length < header_octets || head.length > limits::smpp_pdu_octets || head.length < octets.size())
        return failure("bad_length", "command_length", "does not say the number of octets there are");
    if (head.length > octets.size()) return failure("truncated", "command_length", "says more octets than there are");
    const auto* const entry = table::find_command(head.id);
    if (entry == nullptr) return failure("unknown_command", "command_id", "not a command of SMPP 3.4");
    unit.head = head;
    cursor in{.rest = octets.subspan(header_octets), .code = {}, .field = {}};
    if (in.rest.empty() && head.status != status::ok && table::is_response(head.id)) {
        // An error response may come without its body; the type of the body is kept.
        if (entry->body_index == table::bind_response_index) unit.body.emplace<bind_response>();
        if (entry->body_index == table::message_response_index) unit.body.emplace<message_response>();
        if (entry->body_index == table::other_index) unit.body.emplace<other_body>();
        return {};
    }
    if (!read_any(in, *entry, unit.body)) return refusal(in, head.id);
    if (!in.rest.empty()) return failure("bad_length", "command_length", "octets after the last field");
    return {};
}

// ---- encoding

// Writes into room that was measured before; the sizes come from the same fields.
struct writer {
    std::uint8_t* at;

    void octet(std::uint8_t value) { *at++ = value; }
    void word(std::uint64_t value, std::size_t width) {
        store_big_endian(at, value, width);
        at += width;
    }
    void octets(const void* from, std::size_t count) {
        if (count != 0) std::memcpy(at, from, count);
        at += count;
    }
};

std::size_t octets_of(std::uint8_t) { return 1; }
std::size_t octets_of(std::string_view text) { return text.size() + 1; }
std::size_t octets_of(byte_view octets) { return octets.size() + 1; }

bool fits(const field_spec&, std::uint8_t) { return true; }
bool fits(const field_spec& spec, std::string_view text) {
    return text.size() < spec.maximum && (text.empty() || std::memchr(text.data(), 0, text.size()) == nullptr);
}
bool fits(const field_spec& spec, byte_view octets) { return octets.size() <= spec.maximum; }

void put(writer& out, std::uint8_t value) { out.octet(value); }
void put(writer& out, std::string_view text) {
    out.octets(text.data(), text.size());
    out.octet(0);
}
void put(writer& out, byte_view octets) {
    out.octet(static_cast<std::uint8_t>(octets.size()));
    out.octets(octets.data(), octets.size());
}

std::size_t octets_of(const optional_parameters& options) {
    std::size_t sum = 0;
    for (const auto& option : options) sum += 4 + option.value.size();
    return sum;
}
bool fits(const optional_parameters& options) {
    return options.size() <= limits::smpp_optional_parameters &&
           std::ranges::all_of(options, [](const auto& option) { return option.value.size() <= 0xffff; });
}
void put(writer& out, const optional_parameters& options) {
    for (const auto& option : options) {
        out.word(option.tag, 2);
        out.word(option.value.size(), 2);
        out.octets(option.value.data(), option.value.size());
    }
}

void put_header(writer& out, std::size_t length, command id, std::uint32_t status, std::uint32_t sequence) {
    out.word(length, 4);
    out.word(static_cast<std::uint32_t>(id), 4);
    out.word(status, 4);
    out.word(sequence, 4);
}

std::unexpected<error> too_long(std::string_view field) {
    return failure("bad_field", field, "longer than SMPP 3.4 allows, or an octet 00 inside a text");
}

template <class Body>
result<void> append_body(bytes& out, const header& head, const Body& body) {
    using layout = table::layout<Body>;
    std::string_view at_fault;
    std::size_t length = header_octets;
    const auto measure = [&](const auto& field) {
        const auto& value = field.access(body);
        length += octets_of(value);
        if (!fits(field.spec, value)) at_fault = field.spec.name;
        return at_fault.empty();
    };
    if (!std::apply([&](const auto&... field) { return (measure(field) && ...); }, layout::fields))
        return too_long(at_fault);
    if constexpr (layout::options) {
        length += octets_of(body.options);
        if (!fits(body.options) || length > limits::smpp_pdu_octets) return too_long("optional_parameters");
    }
    const auto start = out.size();
    out.resize(start + length);
    writer to{out.data() + start};
    put_header(to, length, head.id, head.status, head.sequence);
    std::apply([&](const auto&... field) { (put(to, field.access(body)), ...); }, layout::fields);
    if constexpr (layout::options) put(to, body.options);
    return {};
}

// The fields of other_body one after another: the table says which must come next. Lists are checked as they are met.
class other_writer {
public:
    other_writer(bytes& out, const other_body& body) : out_(out), body_(body) {}

    bool all(std::span<const other_field> fields) {
        return std::ranges::all_of(fields, [&](const other_field& field) { return one(field); });
    }
    [[nodiscard]] bool complete() const { return next_ == body_.fields.size(); }
    [[nodiscard]] std::string_view at_fault() const { return at_fault_; }

private:
    bool one(const other_field& field) {
        at_fault_ = field.spec.name;
        if (complete() || body_.fields[next_].name != field.spec.name) return false;
        const auto& value = body_.fields[next_++].value;
        if (field.form == wire::text) return raw<std::string_view>(field.spec, value);
        if (field.form == wire::octets) return raw<byte_view>(field.spec, value);
        const auto* const number = std::get_if<std::uint32_t>(&value);
        if (number == nullptr) return false;
        append_big_endian(out_, *number, field.form == wire::word ? 4 : 1);
        if (field.form == wire::word) return true;
        if (field.form == wire::octet) return *number <= 0xff;
        return *number <= field.spec.maximum && list(field.form, *number);
    }
    bool list(wire form, std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) {
            if (form == wire::failures) {
                if (!all(table::unsuccess_sme)) return false;
                continue;
            }
            if (!one(table::dest_flag)) return false;
            const auto flag = std::get<std::uint32_t>(body_.fields[next_ - 1].value);
            if (flag != table::flag_address && flag != table::flag_distribution_list) return false;
            const bool whole = flag == table::flag_address ? all(table::sme_address) : all(table::distribution_list);
            if (!whole) return false;
        }
        return true;
    }
    template <class Value, class Any>
    bool raw(const field_spec& spec, const Any& any) {
        const auto* const value = std::get_if<Value>(&any);
        if (value == nullptr || !fits(spec, *value)) return false;
        const auto start = out_.size();
        out_.resize(start + octets_of(*value));
        writer to{out_.data() + start};
        put(to, *value);
        return true;
    }

    bytes& out_;
    const other_body& body_;
    std::size_t next_ = 0;
    std::string_view at_fault_;
};

result<void> append_body(bytes& out, const header& head, const other_body& body) {
    const auto* const entry = table::find_command(head.id);
    const auto start = out.size();
    append_header_only(out, head.id, head.status, head.sequence);
    other_writer fields(out, body);
    const bool bare = table::is_response(head.id) && head.status != status::ok && body.fields.empty();
    std::string at_fault;
    if (!bare && !fields.all(entry->other.fields))
        at_fault = fields.at_fault();
    else if (!fields.complete())
        at_fault = body.fields.back().name;
    else if (!fits(body.options) || (!entry->other.options && !body.options.empty()))
        at_fault = "optional_parameters";
    const auto tail = octets_of(body.options);
    const auto length = out.size() - start + tail;
    if (!at_fault.empty() || length > limits::smpp_pdu_octets) {
        out.resize(start);
        return too_long(at_fault.empty() ? "command_length" : at_fault);
    }
    out.resize(start + length);
    writer to{out.data() + out.size() - tail};
    put(to, body.options);
    store_big_endian(out.data() + start, length, 4);
    return {};
}

bool is_bare(const bind_response& body) { return body.system_id.empty() && body.options.empty(); }
bool is_bare(const message_response& body) { return body.message_id.empty() && body.options.empty(); }
template <class Body>
bool is_bare(const Body&) {
    return false;
}

}  // namespace

result<std::size_t> first_pdu_octets(byte_view buffer) {
    if (buffer.size() < 4) return std::size_t{0};
    const auto length = static_cast<std::size_t>(load_big_endian(buffer.first(4)));
    if (length < header_octets || length > limits::smpp_pdu_octets)
        return failure("bad_length", "command_length",
                       std::to_string(length) + "; expected 16 to " + std::to_string(limits::smpp_pdu_octets));
    return length;
}

result<pdu> decode(byte_view octets, header& head) {
    // One object from here to the caller: the hot path of a link moves no PDU.
    result<pdu> unit;
    if (auto outcome = decode_into(octets, head, *unit); !outcome)
        unit = std::unexpected<error>(std::move(outcome).error());
    return unit;
}

result<void> encode(const pdu& unit, bytes& out) {
    const auto& head = unit.head;
    const auto* const entry = table::find_command(head.id);
    if (entry == nullptr || entry->body_index != unit.body.index())
        return failure("bad_field", "command_id", "not a command of SMPP 3.4, or with the body of another");
    return std::visit(
        [&](const auto& content) -> result<void> {
            if (head.status != status::ok && table::body_absent_on_error(head.id) && is_bare(content)) {
                append_header_only(out, head.id, head.status, head.sequence);
                return {};
            }
            return append_body(out, head, content);
        },
        unit.body);
}

void append_header_only(bytes& out, command id, std::uint32_t status, std::uint32_t sequence) {
    const auto start = out.size();
    out.resize(start + header_octets);
    writer to{out.data() + start};
    put_header(to, header_octets, id, status, sequence);
}

result<void> append_short_message(bytes& out, command id, std::uint32_t sequence, const short_message& message) {
    return append_body(out, {.length = 0, .id = id, .status = status::ok, .sequence = sequence}, message);
}

void append_message_response(bytes& out, command id, std::uint32_t status, std::uint32_t sequence,
                             std::string_view message_id) {
    if (status != status::ok && message_id.empty() && table::body_absent_on_error(id))
        return append_header_only(out, id, status, sequence);
    const auto start = out.size();
    const auto text = message_id.substr(0, 64);
    out.resize(start + header_octets + octets_of(text));
    writer to{out.data() + start};
    put_header(to, header_octets + octets_of(text), id, status, sequence);
    put(to, text);
}

const optional_parameter* find_option(const optional_parameters& options, std::uint16_t tag) {
    const auto found = std::ranges::find(options, tag, &optional_parameter::tag);
    return found == options.end() ? nullptr : &*found;
}

}  // namespace tessera::codec::smpp
