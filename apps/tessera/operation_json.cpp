#include "tessera/operation_json.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "base/hex.h"
#include "base/limits.h"
#include "campaigns/control.h"
#include "codec/remote_management.h"
#include "codec/uicc_files.h"
#include "operations/counter_hint.h"
#include "operations/file_path.h"
#include "tessera/ef_json.h"

namespace tessera::app {
namespace {

namespace json = boost::json;
using operations::operation_kind;
using operations::single_request;

constexpr std::array<std::string_view, 18> fields{
    "kind", "file", "record",      "content",  "value", "length",  "commands", "tar",         "spi",
    "kvn",  "smsc", "por_timeout", "attempts", "wait",  "counter", "leap",     "application", "approve_danger"};

class request_reader {
public:
    explicit request_reader(const json::object& from) : from_(&from) {}

    result<single_request> read(std::string card) {
        for (const auto& [key, value] : *from_)
            if (std::ranges::find(fields, std::string_view(key)) == fields.end())
                return failure("unknown_field", std::string(key), "there is no such field");
        made_.card = std::move(card);
        TESSERA_TRY(kind());
        if (made_.kind == operation_kind::resync)
            TESSERA_TRY(counters());
        else
            TESSERA_TRY(made_.kind == operation_kind::run ? commands() : file());
        if (made_.kind == operation_kind::write) TESSERA_TRY(content());
        TESSERA_TRY(security());
        TESSERA_TRY(manner());
        return std::move(made_);
    }

private:
    [[nodiscard]] const json::value* find(std::string_view field) const {
        const auto* found = from_->if_contains(field);
        return found == nullptr || found->is_null() ? nullptr : found;
    }
    result<std::optional<std::string_view>> text(std::string_view field) const {
        const auto* found = find(field);
        if (found == nullptr) return std::nullopt;
        if (!found->is_string()) return failure("bad_type", field, "expected text");
        return std::string_view(found->get_string());
    }
    result<std::optional<std::int64_t>> number(std::string_view field, std::int64_t least, std::int64_t most) const {
        const auto* found = find(field);
        if (found == nullptr) return std::nullopt;
        if (!found->is_int64() || found->get_int64() < least || found->get_int64() > most)
            return failure("bad_range", field,
                           "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most));
        return found->get_int64();
    }

    result<void> kind() {
        TESSERA_TRY_VALUE(const auto name, text("kind"));
        for (const auto one : {operation_kind::write, operation_kind::read, operation_kind::run, operation_kind::resync,
                               operation_kind::verify})
            if (name == to_string(one)) {
                made_.kind = one;
                return {};
            }
        return failure("bad_value", "kind", "expected write, read, run, resync or verify");
    }
    result<void> file() {
        TESSERA_TRY_VALUE(const auto name, text("file"));
        if (!name) return failure("missing_field", "file", "this field is needed");
        TESSERA_TRY_VALUE(const auto found, operations::find_file(*name));
        known_ = found.known;
        made_.file.file = found.path;
        TESSERA_TRY_VALUE(const auto record, number("record", 1, 254));
        made_.file.record = static_cast<std::uint16_t>(record.value_or(0));
        return {};
    }
    result<void> content() {
        TESSERA_TRY_VALUE(const auto octets, text("content"));
        const auto* value = find("value");
        if (octets.has_value() == (value != nullptr))
            return failure("missing_field", "content", "expected one of content and value");
        if (octets) {
            TESSERA_TRY_VALUE(made_.file.content, from_hex(*octets, "content"));
        } else {
            if (known_ == nullptr)
                return failure("bad_value", "value", "the catalogue does not know this file: give its content");
            if (json::serialize(*value).find("{{") != std::string::npos)
                return failure("bad_value", "value",
                               "variables of the card ({{...}}) are for campaigns; give what is to be written");
            TESSERA_TRY_VALUE(const auto parsed, file_value_from(*value));
            TESSERA_TRY_VALUE(const auto length, number("length", 1, limits::file_content_octets));
            std::optional<std::size_t> octets_wanted;
            if (length) octets_wanted = static_cast<std::size_t>(*length);
            TESSERA_TRY_VALUE(made_.file.content, codec::encode_file(*known_, parsed, octets_wanted));
        }
        if (made_.file.content.empty() || made_.file.content.size() > limits::file_content_octets)
            return failure("bad_range", "content", "expected 1 to 32768 octets");
        if (made_.file.record != 0 && made_.file.content.size() > 255)
            return failure("bad_range", "content", "a record has at most 255 octets");
        return {};
    }
    result<void> commands() {
        const auto* list = find("commands");
        if (list == nullptr || !list->is_array() || list->get_array().empty() || list->get_array().size() > 255)
            return failure("bad_type", "commands", "expected a list of 1 to 255 APDUs in hex");
        std::size_t octets = 0;
        for (std::size_t place = 1; const auto& one : list->get_array()) {
            if (!one.is_string()) return failure("bad_type", "commands", "expected APDUs in hex");
            TESSERA_TRY_VALUE(auto command, from_hex(std::string_view(one.get_string()), "commands"));
            const auto parsed = codec::parse_compact_script(command);
            if (!parsed || parsed->size() != 1)
                return failure(
                    "bad_value", "commands",
                    "number " + std::to_string(place) + " (" + std::string(one.get_string()) +
                        ") is not one APDU that the compact format can carry (ETSI TS 102 226 clause 5.2.1)");
            ++place;
            octets += command.size();
            made_.commands.push_back(std::move(command));
        }
        if (octets > operations::script_octets_max(made_.parts_max))
            return failure("too_long", "commands",
                           "they do not fit one packet of " + std::to_string(made_.parts_max) + " short messages");
        return {};
    }
    result<void> counters() {
        TESSERA_TRY_VALUE(const auto first, text("counter"));
        if (first) {
            std::array<std::uint8_t, 5> octets{};
            TESSERA_TRY(from_hex_into(*first, octets, "counter"));
            const auto value = load_big_endian(octets);
            if (value == 0 || value >= codec::counter_max)
                return failure("bad_range", "counter", "expected 0000000001 to FFFFFFFFFE");
            made_.counter = value;
        }
        TESSERA_TRY_VALUE(const auto leap, number("leap", 0, static_cast<std::int64_t>(limits::counter_leap_max)));
        if (leap) made_.leap_max = static_cast<std::uint64_t>(*leap);
        return {};
    }
    result<void> security() {
        TESSERA_TRY_VALUE(const auto tar, text("tar"));
        TESSERA_TRY_VALUE(const auto application, text("application"));
        if (tar && application) return failure("bad_value", "application", "expected one of tar and application");
        if (application && application->empty()) return failure("bad_value", "application", "is empty");
        made_.application = application.value_or("");
        TESSERA_TRY(from_hex_into(tar.value_or("b00010"), made_.security.tar, "tar"));
        TESSERA_TRY_VALUE(const auto spi, text("spi"));
        std::array<std::uint8_t, 2> octets{};
        TESSERA_TRY(from_hex_into(spi.value_or("1639"), octets, "spi"));
        made_.security.spi = {octets[0], octets[1]};
        const auto& asked = made_.security.spi;
        if (asked.counter() != codec::counter_mode::must_be_higher &&
            asked.counter() != codec::counter_mode::exactly_next)
            return failure("bad_value", "spi", "the card must check the counter, or a repeat would run twice");
        if (made_.kind == operation_kind::resync && asked.counter() == codec::counter_mode::exactly_next)
            return failure("bad_value", "spi", "b5b4 = 11 takes the very next counter only; leaps need 10");
        if (asked.response() != codec::proof_of_receipt::always)
            return failure("bad_value", "spi", "a proof of receipt is needed, always");
        TESSERA_TRY_VALUE(const auto version, number("kvn", 1, 15));
        made_.any_key_version = !version.has_value();
        made_.security.key_version = static_cast<std::uint8_t>(version.value_or(1));
        return {};
    }
    result<void> manner() {
        TESSERA_TRY_VALUE(const auto smsc, text("smsc"));
        if (smsc) made_.smsc = *smsc;
        TESSERA_TRY_VALUE(const auto waiting, text("por_timeout"));
        if (waiting) {
            TESSERA_TRY_VALUE(made_.por_timeout, parse_duration(*waiting, "por_timeout"));
        }
        if (made_.por_timeout < std::chrono::milliseconds(1) || made_.por_timeout > std::chrono::hours(1))
            return failure("bad_range", "por_timeout", "expected 1ms to 60m");
        TESSERA_TRY_VALUE(const auto attempts, number("attempts", 1, 20));
        made_.attempts = static_cast<int>(attempts.value_or(made_.attempts));
        TESSERA_TRY_VALUE(const auto approving, text("approve_danger"));
        if (approving) {
            TESSERA_TRY_VALUE(made_.danger_approved_by, approving_name(*approving));
        }
        const auto* wait = find("wait");
        if (wait != nullptr && !wait->is_bool()) return failure("bad_type", "wait", "expected true or false");
        made_.wait = wait != nullptr && wait->get_bool();
        return {};
    }

    const json::object* from_;
    const codec::uicc_file* known_ = nullptr;
    single_request made_;
};

json::object refusal_json(const operations::single_answer& made) {
    json::object out{{"code", made.refused->code}, {"field", made.refused->field}, {"message", made.refused->message}};
    if (!made.inhibited) return out;
    out["campaign"] = made.inhibited->campaign;
    out["name"] = made.inhibited->name;
    out["phase"] = made.inhibited->phase;
    return out;
}

}  // namespace

result<std::string> approving_name(std::string_view name) {
    auto checked = campaigns::checked_name(name);
    if (!checked) return failure(checked.error().code, "approve_danger", checked.error().message);
    return checked;
}

result<single_request> operation_request(std::string card, const json::object& from) {
    return request_reader(from).read(std::move(card));
}

json::object operation_answer(const single_request& asked, const operations::single_answer& made) {
    if (made.refused) return refusal_json(made);
    const bool caused = made.why.kind != operations::cause_kind::none;
    json::object out{{"id", made.id},
                     {"iccid", made.iccid},
                     {"operation", to_string(asked.kind)},
                     {"outcome", operations::to_string(made.what)},
                     {"cause", caused ? json::value(operations::describe(made.why)) : json::value(nullptr)},
                     {"packets", made.packets},
                     {"attempts", made.attempts}};
    if (const auto hint = operations::counter_hint(made.why)) out["hint"] = *hint;
    if (asked.kind == operation_kind::resync) {
        bytes octets;
        append_big_endian(octets, made.counter, 5);
        out["counter"] = made.what == operations::outcome::done ? json::value(to_hex(octets)) : json::value(nullptr);
        return out;
    }
    if (asked.kind == operation_kind::run) {
        std::string word;
        if (made.status_word)
            word = to_hex(bytes{static_cast<std::uint8_t>(*made.status_word >> 8U),
                                static_cast<std::uint8_t>(*made.status_word & 0xffU)});
        out["executed"] = made.executed;
        out["status_word"] = word.empty() ? json::value(nullptr) : json::value(word);
        out["data"] = to_hex(made.data);
        return out;
    }
    out["file"] = asked.file.file;
    out["record"] = asked.file.record == 0 ? json::value(nullptr) : json::value(asked.file.record);
    const bool writing = asked.kind == operation_kind::write;
    const bool known = writing || made.what == operations::outcome::done;
    put_content(out, asked.file.file, "",
                known ? std::optional(writing ? asked.file.content : made.data) : std::nullopt);
    if (asked.kind != operation_kind::verify) return out;
    out["state"] = to_string(made);
    put_content(out, asked.file.file, "expected_", made.expected);
    return out;
}

std::string_view to_string(const operations::single_answer& verified) {
    if (verified.what != operations::outcome::done || !verified.compared) return "unreadable";
    switch (*verified.compared) {
        case operations::comparison::same:
            return "same";
        case operations::comparison::differs:
            return "differs";
        case operations::comparison::nothing_known:
            return "new";
        case operations::comparison::overtaken:
            break;
    }
    return "overtaken";
}

void put_content(json::object& into, const std::string& file, const std::string& prefix,
                 const std::optional<bytes>& content) {
    into[prefix + "content"] = content ? json::value(to_hex(*content)) : json::value(nullptr);
    into[prefix + "value"] = nullptr;
    const auto found = content ? operations::find_file(file) : failure("", "", "");
    if (!found || found->known == nullptr) return;
    if (const auto value = codec::decode_file(*found->known, *content)) into[prefix + "value"] = to_json(*value);
}

}  // namespace tessera::app
