// The names of SMPP 3.4: commands (clause 5.1.2.1) with their layouts, and command_status values (clause 5.1.3).
#include <algorithm>
#include <array>

#include "codec/smpp_pdu_table.h"

namespace tessera::codec::smpp {
namespace table {
namespace {

constexpr std::array commands{
    command_entry{command::bind_receiver, "bind_receiver", bind_index},
    command_entry{command::bind_transmitter, "bind_transmitter", bind_index},
    command_entry{command::query_sm, "query_sm", other_index, {query_sm, false}},
    command_entry{command::submit_sm, "submit_sm", short_message_index},
    command_entry{command::deliver_sm, "deliver_sm", short_message_index},
    command_entry{command::unbind, "unbind", empty_index},
    command_entry{command::replace_sm, "replace_sm", other_index, {replace_sm, false}},
    command_entry{command::cancel_sm, "cancel_sm", other_index, {cancel_sm, false}},
    command_entry{command::bind_transceiver, "bind_transceiver", bind_index},
    command_entry{command::outbind, "outbind", other_index, {outbind, false}},
    command_entry{command::enquire_link, "enquire_link", empty_index},
    command_entry{command::submit_multi, "submit_multi", other_index, {submit_multi, true}},
    command_entry{command::alert_notification, "alert_notification", other_index, {alert_notification, true}},
    command_entry{command::data_sm, "data_sm", other_index, {data_sm, true}},
    command_entry{command::generic_nack, "generic_nack", empty_index},
    command_entry{command::bind_receiver_resp, "bind_receiver_resp", bind_response_index},
    command_entry{command::bind_transmitter_resp, "bind_transmitter_resp", bind_response_index},
    command_entry{command::query_sm_resp, "query_sm_resp", other_index, {query_sm_resp, false}},
    command_entry{command::submit_sm_resp, "submit_sm_resp", message_response_index},
    command_entry{command::deliver_sm_resp, "deliver_sm_resp", message_response_index},
    command_entry{command::unbind_resp, "unbind_resp", empty_index},
    command_entry{command::replace_sm_resp, "replace_sm_resp", empty_index},
    command_entry{command::cancel_sm_resp, "cancel_sm_resp", empty_index},
    command_entry{command::bind_transceiver_resp, "bind_transceiver_resp", bind_response_index},
    command_entry{command::enquire_link_resp, "enquire_link_resp", empty_index},
    command_entry{command::submit_multi_resp, "submit_multi_resp", other_index, {submit_multi_resp, false}},
    command_entry{command::data_sm_resp, "data_sm_resp", message_response_index},
};
static_assert(std::ranges::is_sorted(commands, {}, &command_entry::id));

}  // namespace

const command_entry* find_command(command id) {
    const auto found = std::ranges::lower_bound(commands, id, {}, &command_entry::id);
    return found != commands.end() && found->id == id ? &*found : nullptr;
}

}  // namespace table

namespace {

struct status_entry {
    std::uint32_t value;
    std::string_view name;
};
constexpr std::array statuses{
    status_entry{0x00, "ESME_ROK"},
    status_entry{0x01, "ESME_RINVMSGLEN"},
    status_entry{0x02, "ESME_RINVCMDLEN"},
    status_entry{0x03, "ESME_RINVCMDID"},
    status_entry{0x04, "ESME_RINVBNDSTS"},
    status_entry{0x05, "ESME_RALYBND"},
    status_entry{0x06, "ESME_RINVPRTFLG"},
    status_entry{0x07, "ESME_RINVREGDLVFLG"},
    status_entry{0x08, "ESME_RSYSERR"},
    status_entry{0x0a, "ESME_RINVSRCADR"},
    status_entry{0x0b, "ESME_RINVDSTADR"},
    status_entry{0x0c, "ESME_RINVMSGID"},
    status_entry{0x0d, "ESME_RBINDFAIL"},
    status_entry{0x0e, "ESME_RINVPASWD"},
    status_entry{0x0f, "ESME_RINVSYSID"},
    status_entry{0x11, "ESME_RCANCELFAIL"},
    status_entry{0x13, "ESME_RREPLACEFAIL"},
    status_entry{0x14, "ESME_RMSGQFUL"},
    status_entry{0x15, "ESME_RINVSERTYP"},
    status_entry{0x33, "ESME_RINVNUMDESTS"},
    status_entry{0x34, "ESME_RINVDLNAME"},
    status_entry{0x40, "ESME_RINVDESTFLAG"},
    status_entry{0x42, "ESME_RINVSUBREP"},
    status_entry{0x43, "ESME_RINVESMCLASS"},
    status_entry{0x44, "ESME_RCNTSUBDL"},
    status_entry{0x45, "ESME_RSUBMITFAIL"},
    status_entry{0x48, "ESME_RINVSRCTON"},
    status_entry{0x49, "ESME_RINVSRCNPI"},
    status_entry{0x50, "ESME_RINVDSTTON"},
    status_entry{0x51, "ESME_RINVDSTNPI"},
    status_entry{0x53, "ESME_RINVSYSTYP"},
    status_entry{0x54, "ESME_RINVREPFLAG"},
    status_entry{0x55, "ESME_RINVNUMMSGS"},
    status_entry{0x58, "ESME_RTHROTTLED"},
    status_entry{0x61, "ESME_RINVSCHED"},
    status_entry{0x62, "ESME_RINVEXPIRY"},
    status_entry{0x63, "ESME_RINVDFTMSGID"},
    status_entry{0x64, "ESME_RX_T_APPN"},
    status_entry{0x65, "ESME_RX_P_APPN"},
    status_entry{0x66, "ESME_RX_R_APPN"},
    status_entry{0x67, "ESME_RQUERYFAIL"},
    status_entry{0xc0, "ESME_RINVOPTPARSTREAM"},
    status_entry{0xc1, "ESME_ROPTPARNOTALLWD"},
    status_entry{0xc2, "ESME_RINVPARLEN"},
    status_entry{0xc3, "ESME_RMISSINGOPTPARAM"},
    status_entry{0xc4, "ESME_RINVOPTPARAMVAL"},
    status_entry{0xfe, "ESME_RDELIVERYFAILURE"},
    status_entry{0xff, "ESME_RUNKNOWNERR"},
};
static_assert(std::ranges::is_sorted(statuses, {}, &status_entry::value));

}  // namespace

std::string_view status_name(std::uint32_t value) {
    const auto found = std::ranges::lower_bound(statuses, value, {}, &status_entry::value);
    return found != statuses.end() && found->value == value ? found->name : std::string_view();
}

std::string_view command_name(command id) {
    const auto* entry = table::find_command(id);
    return entry == nullptr ? std::string_view() : entry->name;
}

}  // namespace tessera::codec::smpp
