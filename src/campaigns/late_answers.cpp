#include "campaigns/late_answers.h"

#include <optional>

#include "campaigns/blocks.h"
#include "codec/secured_packet.h"
#include "codec/sms_tpdu.h"
#include "operations/late_answer.h"

namespace tessera::campaigns {
namespace {

// The application that a response names, as far as its octets tell without any key.
std::optional<std::uint32_t> application_in(byte_view user_data) {
    const auto header = codec::parse_user_data_header(user_data);
    if (!header || !header->response_packet) return std::nullopt;
    const auto application = codec::secured_packet_codec::peek_response(user_data.subspan(header->octets));
    if (!application) return std::nullopt;
    return operations::application_of(*application);
}

}  // namespace

result<void> keep_late_answer(store::connection& writer, telecom::subscriber_number subscriber, byte_view user_data,
                              std::uint32_t fallback, std::int64_t ordinal) {
    campaign_store campaigns(writer);
    TESSERA_TRY_VALUE(const auto card, campaigns.card_of(subscriber));
    if (!card) return campaigns.put_unmatched(ordinal, subscriber, user_data);
    const auto application = application_in(user_data).value_or(fallback);
    TESSERA_TRY_VALUE(const bool an_operations, operations::keep_late_answer(writer, *card, application, user_data));
    TESSERA_TRY_VALUE(const auto match, campaigns.match_late(*card, application));
    if (!match && !an_operations) return campaigns.put_unmatched(ordinal, subscriber, user_data);
    if (match) {
        bytes block;
        append_entry(block, {*card, operations::answer_kind::message, 0, 0, user_data});
        TESSERA_TRY(campaigns.put_answers(*match, ordinal, block));
    }
    return campaigns.mark_late(*card);
}

}  // namespace tessera::campaigns
