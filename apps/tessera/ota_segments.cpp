// tessera ota segment, reassemble
#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/limits.h"
#include "codec/sms_tpdu.h"
#include "tessera/ota_verbs.h"

namespace tessera::app::ota {
namespace {

constexpr std::string_view list_field = "user_data";

struct part {
    codec::user_data_header header;
    bytes user_data;

    [[nodiscard]] byte_view content() const { return byte_view(user_data).subspan(header.octets); }
};

// "user_data[3]": which of them is at fault, counted from 1.
std::string element_name(std::size_t index) { return std::string(list_field) + "[" + std::to_string(index + 1) + "]"; }

result<part> read_part(const boost::json::value& value, std::size_t index) {
    const std::string field = element_name(index);
    if (!value.is_string()) return failure("bad_type", field, "expected hexadecimal text");
    part read;
    TESSERA_TRY_VALUE(read.user_data, from_hex(value.get_string(), field));
    if (read.user_data.size() > limits::short_message_octets)
        return failure("too_long", field,
                       "a short message carries 140 octets, these are " + std::to_string(read.user_data.size()));
    auto header = codec::parse_user_data_header(read.user_data);
    if (!header) return failure(header.error().code, field, header.error().field + ": " + header.error().message);
    read.header = *header;
    return read;
}

result<std::vector<part>> read_parts(const line_object& line) {
    const auto* value = find(line, list_field);
    if (value == nullptr) return failure("missing_field", list_field, "this field is needed");
    const auto* list = value->if_array();
    if (list == nullptr) return failure("bad_type", list_field, "expected a list of hexadecimal texts");
    if (list->empty()) return failure("missing_part", list_field, "the list is empty");
    std::vector<part> parts;
    for (std::size_t i = 0; i < list->size(); ++i) {
        TESSERA_TRY_VALUE(auto read, read_part((*list)[i], i));
        parts.push_back(std::move(read));
    }
    return parts;
}

// Every part belongs to the message of the first.
result<void> require_one_message(const std::vector<part>& parts) {
    const auto& first = parts.front().header.parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto& other = parts[i].header.parts;
        if (first.has_value() != other.has_value())
            return failure("bad_part", element_name(i),
                           "parts of a message and a message of one part do not go together");
        if (!other) continue;
        if (other->reference != first->reference || other->wide != first->wide)
            return failure("bad_reference", element_name(i),
                           "has reference " + std::to_string(other->reference) + (other->wide ? " (16 bits)" : "") +
                               ", the first one has " + std::to_string(first->reference) +
                               (first->wide ? " (16 bits)" : ""));
        if (other->maximum != first->maximum)
            return failure("bad_part", element_name(i),
                           "says " + std::to_string(other->maximum) + " parts, the first one says " +
                               std::to_string(first->maximum));
        if (other->sequence == 0 || other->sequence > other->maximum)
            return failure("bad_part", element_name(i),
                           "is part " + std::to_string(other->sequence) + " of " + std::to_string(other->maximum));
    }
    return {};
}

// In order of sequence. A part that is there twice is harmless if both are the same.
result<std::vector<const part*>> in_order(const std::vector<part>& parts) {
    const auto& first = parts.front().header.parts;
    if (!first && parts.size() > 1 &&
        std::any_of(parts.begin(), parts.end(), [&](const part& p) { return p.user_data != parts[0].user_data; }))
        return failure("bad_part", element_name(1), "another message: neither is a part of one");
    std::vector<const part*> ordered(first ? first->maximum : 1, nullptr);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t place = first ? parts[i].header.parts->sequence - 1U : 0U;
        if (ordered[place] != nullptr && ordered[place]->user_data != parts[i].user_data)
            return failure("bad_part", element_name(i),
                           "part " + std::to_string(place + 1) + " is there twice, with different content");
        ordered[place] = &parts[i];
    }
    std::string missing;
    for (std::size_t place = 0; place < ordered.size(); ++place)
        if (ordered[place] == nullptr) missing += (missing.empty() ? "" : ", ") + std::to_string(place + 1);
    if (!missing.empty())
        return failure("missing_part", list_field,
                       "of " + std::to_string(ordered.size()) + " parts missing: " + missing);
    return ordered;
}

}  // namespace

result<void> segment(const line_object& line, codec::secured_packet_codec&, std::string& out) {
    TESSERA_TRY_VALUE(const auto packet, octets_of(line, "packet"));
    if (packet.empty()) return failure("bad_length", "packet", "there is nothing to send");
    TESSERA_TRY_VALUE(const auto bits, number_of(line, "reference_bits", 8, 0xff));
    if (bits != 8 && bits != 16) return failure("bad_range", "reference_bits", "8 or 16");
    TESSERA_TRY_VALUE(const auto reference, number_of(line, "reference", 1, bits == 8 ? 0xff : 0xffff));
    TESSERA_TRY_VALUE(const auto parts, codec::segment(packet, codec::packet_kind::command,
                                                       static_cast<std::uint16_t>(reference), static_cast<int>(bits)));
    answer_object answer(out);
    answer.hex_list(list_field, parts);
    answer.finish();
    return {};
}

result<void> reassemble(const line_object& line, codec::secured_packet_codec&, std::string& out) {
    TESSERA_TRY_VALUE(const auto parts, read_parts(line));
    TESSERA_TRY(require_one_message(parts));
    TESSERA_TRY_VALUE(const auto ordered, in_order(parts));
    bytes packet;
    for (const auto* each : ordered) append(packet, each->content());
    const auto& header = ordered.front()->header;
    std::vector<std::string_view> warnings;
    if (!header.command_packet && !header.response_packet)
        warnings.emplace_back("the first part does not say that this is a secured packet (70 or 71)");
    answer_object answer(out);
    answer.hex("packet", packet);
    answer.warnings(warnings);
    answer.finish();
    return {};
}

}  // namespace tessera::app::ota
