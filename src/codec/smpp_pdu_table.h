// The fields of every SMPP 3.4 PDU, once: encoder, decoder and printer all walk these tables. For smpp_*.cpp only.
//
// A PDU of a body type of its own has a tuple of fields that know their member; their wire form follows from the
// member's type: std::uint8_t one octet, std::string_view a C-octet string, byte_view a length octet and that many
// octets. The PDUs that land in other_body have an array of fields that name their wire form.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>

#include "codec/smpp_pdu.h"

namespace tessera::codec::smpp::table {

struct field_spec {
    std::string_view name;
    std::size_t maximum = 0;  // text: octets with the terminator; octets: without their length octet
    bool secret = false;      // printed as ***
};

template <class Access>
struct member_field {
    field_spec spec;
    Access access;  // body& -> member&
};
template <class Access>
member_field(field_spec, Access) -> member_field<Access>;

#define TESSERA_SMPP_FIELD(name, maximum, member)                                  \
    member_field {                                                                 \
        field_spec{name, maximum}, [](auto& body) -> auto& { return body.member; } \
    }

template <class Body>
struct layout;

template <>
struct layout<empty_body> {
    static constexpr std::tuple<> fields{};
    static constexpr bool options = false;
};
template <>
struct layout<bind> {  // clause 4.1.1
    static constexpr auto fields =
        std::tuple{TESSERA_SMPP_FIELD("system_id", 16, system_id),
                   member_field{field_spec{"password", 9, true}, [](auto& body) -> auto& {return body.password;
}
}  // namespace tessera::codec::smpp::table
, TESSERA_SMPP_FIELD("system_type", 13, system_type), TESSERA_SMPP_FIELD("interface_version", 1, interface_version),
    TESSERA_SMPP_FIELD("addr_ton", 1, range.type_of_number), TESSERA_SMPP_FIELD("addr_npi", 1, range.numbering_plan),
    TESSERA_SMPP_FIELD("address_range", 41, range.digits),
}
;
static constexpr bool options = false;
}
;
template <>
struct layout<bind_response> {  // clause 4.1.2
    static constexpr auto fields = std::tuple{TESSERA_SMPP_FIELD("system_id", 16, system_id)};
    static constexpr bool options = true;
};
template <>
struct layout<short_message> {  // clauses 4.4.1 and 4.6.1
    static constexpr auto fields = std::tuple{
        TESSERA_SMPP_FIELD("service_type", 6, service_type),
        TESSERA_SMPP_FIELD("source_addr_ton", 1, source.type_of_number),
        TESSERA_SMPP_FIELD("source_addr_npi", 1, source.numbering_plan),
        TESSERA_SMPP_FIELD("source_addr", 21, source.digits),
        TESSERA_SMPP_FIELD("dest_addr_ton", 1, destination.type_of_number),
        TESSERA_SMPP_FIELD("dest_addr_npi", 1, destination.numbering_plan),
        TESSERA_SMPP_FIELD("destination_addr", 21, destination.digits),
        TESSERA_SMPP_FIELD("esm_class", 1, esm_class),
        TESSERA_SMPP_FIELD("protocol_id", 1, protocol_id),
        TESSERA_SMPP_FIELD("priority_flag", 1, priority),
        TESSERA_SMPP_FIELD("schedule_delivery_time", 17, schedule_delivery_time),
        TESSERA_SMPP_FIELD("validity_period", 17, validity_period),
        TESSERA_SMPP_FIELD("registered_delivery", 1, registered_delivery),
        TESSERA_SMPP_FIELD("replace_if_present_flag", 1, replace_if_present),
        TESSERA_SMPP_FIELD("data_coding", 1, data_coding),
        TESSERA_SMPP_FIELD("sm_default_msg_id", 1, default_message_id),
        TESSERA_SMPP_FIELD("short_message", 254, user_data),
    };
    static constexpr bool options = true;
};
template <>
struct layout<message_response> {  // clauses 4.4.2, 4.6.2 and 4.7.2
    static constexpr auto fields = std::tuple{TESSERA_SMPP_FIELD("message_id", 65, message_id)};
    static constexpr bool options = true;
};

#undef TESSERA_SMPP_FIELD

enum class wire : std::uint8_t {
    octet,         // one octet
    word,          // four octets, most significant first
    text,          // C-octet string
    octets,        // a length octet and that many octets
    destinations,  // submit_multi: number_of_dests, then addresses and distribution lists
    failures,      // submit_multi_resp: no_unsuccess, then addresses with their error
};
struct other_field {
    field_spec spec;
    wire form;
};

inline constexpr other_field outbind[] = {{{"system_id", 16}, wire::text}, {{"password", 9, true}, wire::text}};
inline constexpr other_field query_sm[] = {{{"message_id", 65}, wire::text},
                                           {{"source_addr_ton"}, wire::octet},
                                           {{"source_addr_npi"}, wire::octet},
                                           {{"source_addr", 21}, wire::text}};
inline constexpr other_field query_sm_resp[] = {{{"message_id", 65}, wire::text},
                                                {{"final_date", 17}, wire::text},
                                                {{"message_state"}, wire::octet},
                                                {{"error_code"}, wire::octet}};
inline constexpr other_field cancel_sm[] = {{{"service_type", 6}, wire::text},  {{"message_id", 65}, wire::text},
                                            {{"source_addr_ton"}, wire::octet}, {{"source_addr_npi"}, wire::octet},
                                            {{"source_addr", 21}, wire::text},  {{"dest_addr_ton"}, wire::octet},
                                            {{"dest_addr_npi"}, wire::octet},   {{"destination_addr", 21}, wire::text}};
inline constexpr other_field replace_sm[] = {{{"message_id", 65}, wire::text},
                                             {{"source_addr_ton"}, wire::octet},
                                             {{"source_addr_npi"}, wire::octet},
                                             {{"source_addr", 21}, wire::text},
                                             {{"schedule_delivery_time", 17}, wire::text},
                                             {{"validity_period", 17}, wire::text},
                                             {{"registered_delivery"}, wire::octet},
                                             {{"sm_default_msg_id"}, wire::octet},
                                             {{"short_message", 254}, wire::octets}};
inline constexpr other_field submit_multi[] = {{{"service_type", 6}, wire::text},
                                               {{"source_addr_ton"}, wire::octet},
                                               {{"source_addr_npi"}, wire::octet},
                                               {{"source_addr", 21}, wire::text},
                                               {{"number_of_dests", 254}, wire::destinations},
                                               {{"esm_class"}, wire::octet},
                                               {{"protocol_id"}, wire::octet},
                                               {{"priority_flag"}, wire::octet},
                                               {{"schedule_delivery_time", 17}, wire::text},
                                               {{"validity_period", 17}, wire::text},
                                               {{"registered_delivery"}, wire::octet},
                                               {{"replace_if_present_flag"}, wire::octet},
                                               {{"data_coding"}, wire::octet},
                                               {{"sm_default_msg_id"}, wire::octet},
                                               {{"short_message", 254}, wire::octets}};
inline constexpr other_field submit_multi_resp[] = {{{"message_id", 65}, wire::text},
                                                    {{"no_unsuccess", 254}, wire::failures}};
inline constexpr other_field data_sm[] = {{{"service_type", 6}, wire::text},      {{"source_addr_ton"}, wire::octet},
                                          {{"source_addr_npi"}, wire::octet},     {{"source_addr", 65}, wire::text},
                                          {{"dest_addr_ton"}, wire::octet},       {{"dest_addr_npi"}, wire::octet},
                                          {{"destination_addr", 65}, wire::text}, {{"esm_class"}, wire::octet},
                                          {{"registered_delivery"}, wire::octet}, {{"data_coding"}, wire::octet}};
inline constexpr other_field alert_notification[] = {
    {{"source_addr_ton"}, wire::octet}, {{"source_addr_npi"}, wire::octet}, {{"source_addr", 65}, wire::text},
    {{"esme_addr_ton"}, wire::octet},   {{"esme_addr_npi"}, wire::octet},   {{"esme_addr", 65}, wire::text}};

// One destination of submit_multi by its dest_flag (clause 4.5.1.1), one failure of submit_multi_resp (clause 4.5.2.1).
inline constexpr other_field dest_flag{{"dest_flag"}, wire::octet};
inline constexpr std::uint32_t flag_address = 1, flag_distribution_list = 2;
inline constexpr other_field sme_address[] = {
    {{"dest_addr_ton"}, wire::octet}, {{"dest_addr_npi"}, wire::octet}, {{"destination_addr", 21}, wire::text}};
inline constexpr other_field distribution_list[] = {{{"dl_name", 21}, wire::text}};
inline constexpr other_field unsuccess_sme[] = {{{"dest_addr_ton"}, wire::octet},
                                                {{"dest_addr_npi"}, wire::octet},
                                                {{"destination_addr", 21}, wire::text},
                                                {{"error_status_code"}, wire::word}};

struct other_layout {
    std::span<const other_field> fields;
    bool options = false;
};

// Which body a command has; the index of its type in smpp::body. Nothing for a command that SMPP 3.4 does not know.
struct command_entry {
    command id;
    std::string_view name;
    std::size_t body_index;
    other_layout other = {};
};
[[nodiscard]] const command_entry* find_command(command id);

inline constexpr std::size_t empty_index = 0, bind_index = 1, bind_response_index = 2, short_message_index = 3,
                             message_response_index = 4, other_index = 5;

[[nodiscard]] constexpr bool is_response(command id) { return (static_cast<std::uint32_t>(id) & 0x80000000U) != 0; }

// "The PDU body is not returned if the command_status field contains a non-zero value": clauses 4.1.2 and 4.4.2 say so
// of these; deliver_sm_resp and data_sm_resp (4.6.2, 4.7.2) keep their message_id.
[[nodiscard]] constexpr bool body_absent_on_error(command id) {
    return id == command::bind_receiver_resp || id == command::bind_transmitter_resp ||
           id == command::bind_transceiver_resp || id == command::submit_sm_resp;
}

}  // namespace tessera::codec::smpp::table
