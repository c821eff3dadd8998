#include "telecom/submit_status.h"

#include <gtest/gtest.h>

#include "codec/smpp_pdu.h"

namespace tessera::telecom {
namespace {

TEST(submit_status, what_is_wrong_with_the_message_itself_is_permanent) {
    for (const std::uint32_t status : {0x01, 0x0a, 0x0b, 0x15, 0x43, 0x48, 0x51, 0x61, 0x62, 0x66, 0xc0, 0xc4})
        EXPECT_EQ(kind_of_status(status), status_kind::permanent) << std::hex << status;
}

TEST(submit_status, a_busy_smsc_slows_the_sender_down) {
    EXPECT_EQ(kind_of_status(0x58), status_kind::slows_down);
    EXPECT_EQ(kind_of_status(0x14), status_kind::slows_down);
    EXPECT_EQ(kind_of_status(0), status_kind::accepted);
}

// No card is given up for these: ESME_RINVBNDSTS, ESME_RSYSERR, ESME_RSUBMITFAIL, ESME_RX_T_APPN,
// ESME_RDELIVERYFAILURE, ESME_RUNKNOWNERR.
TEST(submit_status, troubles_of_session_and_smsc_and_failures_without_a_reason_are_temporary) {
    for (const std::uint32_t status : {0x04, 0x08, 0x45, 0x64, 0xfe, 0xff})
        EXPECT_EQ(kind_of_status(status), status_kind::temporary) << std::hex << status;
}

// 100 to 3FF are reserved for extensions, 400 to 4FF for vendors; beyond, everything is reserved.
TEST(submit_status, whatever_the_standard_does_not_name_is_temporary) {
    for (std::uint32_t status = 0x100; status <= 0x600; ++status)
        ASSERT_EQ(kind_of_status(status), status_kind::temporary) << std::hex << status;
    for (const std::uint32_t status : {0x0dU, 0x10U, 0x9fU, 0xffffffffU})
        EXPECT_EQ(kind_of_status(status), status_kind::temporary) << std::hex << status;
}

// Whoever adds a status to the table decides that a card fails for it: the standard must name it.
TEST(submit_status, every_permanent_status_is_one_that_the_standard_names) {
    for (std::uint32_t status = 1; status <= 0xff; ++status) {
        if (kind_of_status(status) == status_kind::permanent) {
            EXPECT_FALSE(codec::smpp::status_name(status).empty()) << std::hex << status;
        }
    }
}

}  // namespace
}  // namespace tessera::telecom
