#include "campaigns/late_answers.h"

#include <optional>

#include "campaigns/blocks.h"
#include "codec/secured_packet.h"
#include "codec/sms_tpdu.h"

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

result<void> keep_late_answer(campaign_store& campaigns, telecom::subscriber_number subscriber, byte_view user_data,
                              std::uint32_t fallback, std::int64_t ordinal) {
    const auto application = application_in(user_data).value_or(fallback);
    TESSERA_TRY_VALUE(const auto matches, campaigns.match_late(subscriber, application));
    if (matches.empty()) return campaigns.put_unmatched(ordinal, subscriber, user_data);
    for (auto one = matches.begin(); one != matches.end();) {
        bytes block;
        const auto& where = one->where;
        // One row for the cards of a chunk: an ordinal stands once in it.
        for (; one != matches.end() && one->where == where; ++one) {
            append_entry(block, {one->card, operations::answer_kind::message, 0, 0, user_data});
            TESSERA_TRY(campaigns.mark_late(one->card));
        }
        TESSERA_TRY(campaigns.put_answers(where, ordinal, block));
    }
    return {};
}

}  // namespace tessera::campaigns
