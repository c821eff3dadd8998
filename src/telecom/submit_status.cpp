#include "telecom/submit_status.h"

#include <algorithm>
#include <array>

#include "codec/smpp_pdu.h"

namespace tessera::telecom {
namespace {

// SMPP 3.4 clause 5.1.3, in its order.
constexpr std::array<std::uint32_t, 28> permanent{
    0x01,  // ESME_RINVMSGLEN         message length is invalid
    0x02,  // ESME_RINVCMDLEN         command length is invalid
    0x03,  // ESME_RINVCMDID          invalid command ID: the SMSC takes no submit_sm
    0x06,  // ESME_RINVPRTFLG         invalid priority flag
    0x07,  // ESME_RINVREGDLVFLG      invalid registered delivery flag
    0x0a,  // ESME_RINVSRCADR         invalid source address
    0x0b,  // ESME_RINVDSTADR         invalid destination address
    0x15,  // ESME_RINVSERTYP         invalid service type
    0x33,  // ESME_RINVNUMDESTS       invalid number of destinations
    0x34,  // ESME_RINVDLNAME         invalid distribution list name
    0x40,  // ESME_RINVDESTFLAG       destination flag is invalid
    0x42,  // ESME_RINVSUBREP         invalid 'submit with replace' request
    0x43,  // ESME_RINVESMCLASS       invalid esm_class
    0x48,  // ESME_RINVSRCTON         invalid source address TON
    0x49,  // ESME_RINVSRCNPI         invalid source address NPI
    0x50,  // ESME_RINVDSTTON         invalid destination address TON
    0x51,  // ESME_RINVDSTNPI         invalid destination address NPI
    0x54,  // ESME_RINVREPFLAG        invalid replace_if_present flag
    0x61,  // ESME_RINVSCHED          invalid scheduled delivery time
    0x62,  // ESME_RINVEXPIRY         invalid message validity period
    0x63,  // ESME_RINVDFTMSGID       predefined message invalid or not found
    0x65,  // ESME_RX_P_APPN          permanent application error
    0x66,  // ESME_RX_R_APPN          message rejected
    0xc0,  // ESME_RINVOPTPARSTREAM   error in the optional part of the PDU body
    0xc1,  // ESME_ROPTPARNOTALLWD    optional parameter not allowed
    0xc2,  // ESME_RINVPARLEN         invalid parameter length
    0xc3,  // ESME_RMISSINGOPTPARAM   expected optional parameter missing
    0xc4,  // ESME_RINVOPTPARAMVAL    invalid optional parameter value
};

}  // namespace

status_kind kind_of_status(std::uint32_t command_status) {
    namespace status = codec::smpp::status;
    if (command_status == status::ok) return status_kind::accepted;
    if (command_status == status::throttled || command_status == status::queue_full) return status_kind::slows_down;
    return std::ranges::find(permanent, command_status) != permanent.end() ? status_kind::permanent
                                                                           : status_kind::temporary;
}

}  // namespace tessera::telecom
