#include "codec/uicc_files.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "codec/uicc_formats.h"

namespace tessera::codec {
namespace {

using namespace file_formats;
using enum file_structure;

constexpr std::size_t transparent_most = limits::file_content_octets;
constexpr std::size_t services_most = 32;  // octets of a service table; the longest of release 17 has 18
constexpr std::size_t record_most = 255;

constexpr file_octets exactly(std::size_t octets) { return {octets, octets, octets}; }
constexpr file_octets at_least(std::size_t octets) { return {octets, octets, transparent_most}; }
// Some cards have less than the standard asks for.
constexpr file_octets usually(std::size_t usual, std::size_t least, std::size_t most = transparent_most) {
    return {least, usual, most};
}
constexpr file_octets record(std::size_t usual, std::size_t least) { return {least, usual, record_most}; }

// What is read only is not written by value in a campaign; the listing marks both.
enum class care : std::uint8_t { usual, dangerous, read_only, read_only_dangerous };

constexpr uicc_file file(std::string_view home, std::string_view name, std::string_view path, file_structure structure,
                         file_octets octets, care careful, std::string_view clause, const file_format& format,
                         std::string_view example, std::string_view content) {
    return {.name = name,
            .home = home,
            .path = path,
            .structure = structure,
            .octets = octets,
            .written_over_the_air = careful == care::usual || careful == care::dangerous,
            .dangerous = careful == care::dangerous || careful == care::read_only_dangerous,
            .clause = clause,
            .format = &format,
            .example = example,
            .example_content = content};
}
constexpr uicc_file plain(std::string_view home, std::string_view name, std::string_view path, file_octets octets,
                          std::string_view clause, const file_format& format, std::string_view example,
                          std::string_view content) {
    return file(home, name, path, transparent, octets, care::usual, clause, format, example, content);
}
constexpr uicc_file records(std::string_view home, std::string_view name, std::string_view path, file_octets octets,
                            std::string_view clause, const file_format& format, std::string_view example,
                            std::string_view content) {
    return file(home, name, path, linear_fixed, octets, care::usual, clause, format, example, content);
}

// Examples that several files share: value, then octets.
constexpr std::string_view spn = R"({"display":"Tessera","flags":1})",
                           spn_octets = "0154657373657261ffffffffffffffffff";
constexpr std::string_view networks = R"(["26202:eutran,geran"])",
                           networks_octets =
                               "62f2204080ffffff0000ffffff0000ffffff0000ffffff0000ffffff0000ffffff0000ffffff0000";
constexpr std::string_view network = R"(["26202","334020"])", forbidden_octets = "62f220330420ffffffffffff";
constexpr std::string_view imsi_digits = R"("262011106487504")", imsi_octets = "082926101160845740";
constexpr std::string_view group = R"("a1b2")", group_octets = "a1b2";
constexpr std::string_view messages = R"([50,919])", messages_octets = "00320397";
constexpr std::string_view ranges = R"(["4352-4359"])", ranges_octets = "11001107";
constexpr std::string_view classes = R"([0,1,3,5,15])", classes_octets = "802b";
constexpr std::string_view status = R"({"last_reference":255,"memory_exceeded":false})", status_octets = "ffff";
constexpr std::string_view parameters =
    R"({"name":"Tessera","service_centre":"+491710760000","protocol_identifier":0,"validity_minutes":1440})";
constexpr std::string_view parameters_octets =
    "54657373657261ffffffffffffffffffe9ffffffffffffffffffffffff0791947101670000ffffffff00ffa7";

constexpr file_octets plmn = usually(12, 3), plmn_technology = usually(40, 5), identifiers = at_least(2),
                      number_record = record(28, 14), parameters_record = record(44, 28),
                      group_size = usually(1, 1, record_most), services = usually(1, 1, services_most);

constexpr auto files = std::to_array<uicc_file>({
    file("mf", "ICCID", "2fe2", transparent, exactly(10), care::read_only, "TS 102 221 13.2", iccid,
         R"("8988211000000430010")", "988812010000400310f0"),
    plain("mf", "PL", "2f05", identifiers, "TS 102 221 13.3", languages, R"(["de","en"])", "6465656e"),

    plain("usim", "LI", "7fff/6f05", identifiers, "TS 31.102 4.2.1", languages, R"(["de","en"])", "6465656e"),
    file("usim", "IMSI", "7fff/6f07", transparent, exactly(9), care::read_only_dangerous, "TS 31.102 4.2.2", imsi,
         imsi_digits, imsi_octets),
    plain("usim", "PLMNwAcT", "7fff/6f60", plmn_technology, "TS 31.102 4.2.5", plmn_technology_list, networks,
          networks_octets),
    plain("usim", "HPPLMN", "7fff/6f31", exactly(1), "TS 31.102 4.2.6", search_period, "30", "05"),
    plain("usim", "UST", "7fff/6f38", services, "TS 31.102 4.2.8", service_table, "[2,4,10,12,19,20]", "0a0a0c"),
    plain("usim", "GID1", "7fff/6f3e", group_size, "TS 31.102 4.2.10", group_identifier, group, group_octets),
    plain("usim", "GID2", "7fff/6f3f", group_size, "TS 31.102 4.2.11", group_identifier, group, group_octets),
    plain("usim", "SPN", "7fff/6f46", exactly(17), "TS 31.102 4.2.12", service_provider_name, spn, spn_octets),
    plain("usim", "CBMI", "7fff/6f45", identifiers, "TS 31.102 4.2.14", message_identifiers, messages, messages_octets),
    file("usim", "ACC", "7fff/6f78", transparent, exactly(2), care::dangerous, "TS 31.102 4.2.15", access_classes,
         classes, classes_octets),
    plain("usim", "FPLMN", "7fff/6f7b", plmn, "TS 31.102 4.2.16", plmn_list, network, forbidden_octets),
    plain("usim", "AD", "7fff/6fad", usually(4, 4, record_most), "TS 31.102 4.2.18", administrative_data,
          R"({"mode":"normal","additional":"0000","mnc_length":2})", "00000002"),
    plain("usim", "CBMID", "7fff/6f48", identifiers, "TS 31.102 4.2.20", message_identifiers, messages,
          messages_octets),
    records("usim", "ECC", "7fff/6fb7", record(20, 4), "TS 31.102 4.2.21", emergency_call,
            R"({"number":"112","name":"Rescue","categories":["ambulance","fire_brigade"]})",
            "11f2ff526573637565ffffffffffffffffffff06"),
    plain("usim", "CBMIR", "7fff/6f50", at_least(4), "TS 31.102 4.2.22", message_identifier_ranges, ranges,
          ranges_octets),
    records("usim", "FDN", "7fff/6f3b", number_record, "TS 31.102 4.2.24", dialling_number,
            R"({"name":"Office","number":"0891234"})", "4f6666696365ffffffffffffffff0581801932f4ffffffffffffffff"),
    records("usim", "MSISDN", "7fff/6f40", number_record, "TS 31.102 4.2.26", dialling_number,
            R"({"number":"+491721217212"})", "ffffffffffffffffffffffffffff0791947112122721ffffffffffff"),
    records("usim", "SMSP", "7fff/6f42", parameters_record, "TS 31.102 4.2.27", sms_parameters, parameters,
            parameters_octets),
    plain("usim", "SMSS", "7fff/6f43", usually(2, 2, record_most), "TS 31.102 4.2.28", sms_status, status,
          status_octets),
    records("usim", "SDN", "7fff/6f49", number_record, "TS 31.102 4.2.29", dialling_number,
            R"({"name":"Info","number":"*100#"})", "496e666fffffffffffffffffffff04811a00fbffffffffffffffffff"),
    plain("usim", "EST", "7fff/6f56", services, "TS 31.102 4.2.47", service_table, "[1]", "01"),
    plain("usim", "OPLMNwAcT", "7fff/6f61", plmn_technology, "TS 31.102 4.2.53", plmn_technology_list, networks,
          networks_octets),
    plain("usim", "HPLMNwAcT", "7fff/6f62", usually(5, 5), "TS 31.102 4.2.54", plmn_technology_list,
          R"(["26202:utran,ngran"])", "62f2208800"),
    plain("usim", "EHPLMN", "7fff/6fd9", at_least(3), "TS 31.102 4.2.84", plmn_list, network, "62f220330420"),

    records("telecom", "ADN", "7f10/6f3a", number_record, "TS 51.011 10.5.1", dialling_number,
            R"({"name":"Office","number":"0891234"})", "4f6666696365ffffffffffffffff0581801932f4ffffffffffffffff"),
    records("telecom", "FDN", "7f10/6f3b", number_record, "TS 51.011 10.5.2", dialling_number,
            R"({"name":"Office","number":"0891234"})", "4f6666696365ffffffffffffffff0581801932f4ffffffffffffffff"),
    records("telecom", "MSISDN", "7f10/6f40", number_record, "TS 51.011 10.5.5", dialling_number,
            R"({"number":"+491721217212"})", "ffffffffffffffffffffffffffff0791947112122721ffffffffffff"),
    records("telecom", "SMSP", "7f10/6f42", parameters_record, "TS 51.011 10.5.6", sms_parameters, parameters,
            parameters_octets),
    plain("telecom", "SMSS", "7f10/6f43", usually(2, 2, record_most), "TS 51.011 10.5.7", sms_status, status,
          status_octets),

    file("gsm", "IMSI", "7f20/6f07", transparent, exactly(9), care::read_only_dangerous, "TS 51.011 10.3.2", imsi,
         imsi_digits, imsi_octets),
    plain("gsm", "PLMNsel", "7f20/6f30", usually(24, 3), "TS 51.011 10.3.4", plmn_list, network,
          "62f220330420ffffffffffffffffffffffffffffffffffff"),
    plain("gsm", "HPPLMN", "7f20/6f31", exactly(1), "TS 51.011 10.3.5", search_period, "30", "05"),
    plain("gsm", "SST", "7f20/6f38", usually(2, 2, services_most), "TS 51.011 10.3.7", sim_service_table,
          R"([1,2,"4:allocated",17])", "4f00000003"),
    plain("gsm", "GID1", "7f20/6f3e", group_size, "TS 51.011 10.3.8", group_identifier, group, group_octets),
    plain("gsm", "GID2", "7f20/6f3f", group_size, "TS 51.011 10.3.9", group_identifier, group, group_octets),
    plain("gsm", "SPN", "7f20/6f46", exactly(17), "TS 51.011 10.3.11", service_provider_name, spn, spn_octets),
    plain("gsm", "CBMI", "7f20/6f45", identifiers, "TS 51.011 10.3.13", message_identifiers, messages, messages_octets),
    file("gsm", "ACC", "7f20/6f78", transparent, exactly(2), care::dangerous, "TS 51.011 10.3.15", access_classes,
         classes, classes_octets),
    plain("gsm", "FPLMN", "7f20/6f7b", plmn, "TS 51.011 10.3.16", plmn_list, network, forbidden_octets),
    plain("gsm", "AD", "7f20/6fad", usually(4, 3, record_most), "TS 51.011 10.3.18", administrative_data,
          R"({"mode":"normal","additional":"0000","mnc_length":3})", "00000003"),
    plain("gsm", "CBMID", "7f20/6f48", identifiers, "TS 51.011 10.3.26", message_identifiers, messages,
          messages_octets),
    plain("gsm", "ECC", "7f20/6fb7", usually(3, 3, record_most), "TS 51.011 10.3.27", emergency_calls,
          R"(["112","911"])", "11f2ff19f1ff"),
    plain("gsm", "CBMIR", "7f20/6f50", at_least(4), "TS 51.011 10.3.28", message_identifier_ranges, ranges,
          ranges_octets),
    plain("gsm", "PLMNwAcT", "7f20/6f60", plmn_technology, "TS 51.011 10.3.35", plmn_technology_list, networks,
          networks_octets),
    plain("gsm", "OPLMNwAcT", "7f20/6f61", plmn_technology, "TS 51.011 10.3.36", plmn_technology_list, networks,
          networks_octets),
    plain("gsm", "HPLMNwAcT", "7f20/6f62", usually(5, 5), "TS 51.011 10.3.37", plmn_technology_list,
          R"(["26202:utran,geran"])", "62f2208080"),
});

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool same_name(std::string_view one, std::string_view other) {
    return std::ranges::equal(one, other, [](char a, char b) { return lower(a) == lower(b); });
}

constexpr bool table_is_sound() {
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto& size = files[i].octets;
        if (size.least == 0 || size.least > size.usual || size.usual > size.most) return false;
        if (files[i].example.empty()) return false;
        for (std::size_t j = 0; j < i; ++j)
            if (files[j].path == files[i].path ||
                (same_name(files[j].name, files[i].name) && files[j].home == files[i].home))
                return false;
    }
    return true;
}
static_assert(table_is_sound(), "sizes are in order, and a path or a name in a home stands once");

result<void> check_length(const uicc_file& file, std::size_t length, std::string_view field) {
    const auto& size = file.octets;
    const auto whole = std::max<std::size_t>(file.format->unused.size(), 1);
    if (length >= size.least && length <= size.most && length % whole == 0) return {};
    std::string wanted = std::to_string(size.least);
    if (size.most != size.least) wanted += " to " + std::to_string(size.most);
    if (whole > 1) wanted += ", a multiple of " + std::to_string(whole);
    return failure("bad_length", field, name_of(file) + " has " + wanted + " octets, not " + std::to_string(length));
}

bool all_unused(byte_view content) {
    return std::ranges::all_of(content, [](auto octet) { return octet == 0xff; });
}

}  // namespace

std::string_view to_string(file_structure structure) {
    return structure == transparent ? "transparent" : "linear_fixed";
}

std::span<const uicc_file> uicc_files() { return files; }

const uicc_file* find_uicc_file(std::string_view name_or_path) {
    for (const auto& one : files)
        if (one.path == name_or_path) return &one;
    std::optional<std::string_view> home;
    if (const auto slash = name_or_path.find('/'); slash != std::string_view::npos) {
        home = name_or_path.substr(0, slash);
        name_or_path.remove_prefix(slash + 1);
    }
    for (const std::string_view prefix : {"ef_", "ef."})
        if (same_name(name_or_path.substr(0, prefix.size()), prefix)) name_or_path.remove_prefix(prefix.size());
    for (const auto& one : files)
        if (same_name(one.name, name_or_path) && (!home || same_name(one.home, *home))) return &one;
    return nullptr;
}

std::string name_of(const uicc_file& file) {
    const bool first = find_uicc_file(file.name) == &file;
    return (first ? "" : std::string(file.home) + "/") + std::string(file.name);
}

result<bytes> encode_file(const uicc_file& file, const file_value& value, std::optional<std::size_t> length) {
    if (length) TESSERA_TRY(check_length(file, *length, "length"));
    const auto& format = *file.format;
    const auto usual = length.value_or(file.octets.usual);
    const value_at top(value);
    if (format.empty_when_unused && top.is_empty_map()) return bytes(usual, 0xff);
    const bool grows = !format.unused.empty();
    const auto room = grows ? length.value_or(file.octets.most) : usual;
    TESSERA_TRY_VALUE(auto content, format.encode(top, room));
    if (content.size() > room)
        return top.wrong("takes " + std::to_string(content.size()) + " octets, " + name_of(file) + " has room for " +
                         std::to_string(room));
    while (grows && content.size() < usual) append(content, format.unused);
    return content;
}

result<file_value> decode_file(const uicc_file& file, byte_view content) {
    TESSERA_TRY(check_length(file, content.size(), "content"));
    if (file.format->empty_when_unused && all_unused(content)) return file_value(file_value::map{});
    auto value = file.format->decode(content);
    if (!value) value.error().field = "content";
    return value;
}

}  // namespace tessera::codec
