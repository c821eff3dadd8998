#include "campaigns/late_answers.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "campaigns/blocks.h"
#include "codec/secured_packet.h"
#include "codec/sms_tpdu.h"
#include "operations/late_answer.h"

namespace tessera::campaigns {
namespace {

// The application that a response names, as far as its octets tell without any key.
std::optional<std::uint32_t> application_in(byte_view user_data) {
    const auto header = codec::parse_user_data_header(user_data);
    if (!header || (!header->response_packet && !header->destination_port)) return std::nullopt;
    const auto application = codec::secured_packet_codec::peek_response(user_data.subspan(header->octets));
    if (!application) return std::nullopt;
    return operations::application_of(*application);
}

// Of a long response only the first part names it. The others are as much its card's word, and whoever settles one of
// the card's campaigns puts together what stands with any of them: nothing, for all.
std::optional<std::uint32_t> application_of(byte_view user_data, std::uint32_t fallback) {
    const auto header = codec::parse_user_data_header(user_data);
    if (header && header->parts && header->parts->sequence > 1) return std::nullopt;
    return application_in(user_data).value_or(fallback);
}

}  // namespace

result<void> keep_late_answer(store::connection& writer, telecom::subscriber_number subscriber, byte_view user_data,
                              std::uint32_t fallback, std::int64_t ordinal, std::string_view by) {
    campaign_store campaigns(writer);
    TESSERA_TRY_VALUE(const auto holders, campaigns.holders(subscriber));
    const auto application = application_of(user_data, fallback);
    bool kept = false;
    std::map<chunk_id, bytes> blocks;  // one row for the cards of a chunk
    std::vector<std::pair<cards::card_id, chunk_id>> perhaps_awaited;
    for (const auto card : holders.cards) {
        TESSERA_TRY_VALUE(const bool an_operations, operations::keep_late_answer(writer, card, application, user_data));
        // A part that names no application is kept for somebody who waits, and else for nobody.
        TESSERA_TRY_VALUE(const bool wanted, application ? result<bool>(true) : campaigns.is_awaited(card));
        if (!wanted && !an_operations) continue;
        TESSERA_TRY_VALUE(const auto match, holders.moved ? campaigns.match_late_at(card, application, subscriber)
                                                          : campaigns.match_late(card, application));
        if (!match && !an_operations) continue;
        if (match) append_entry(blocks[*match], {card, operations::answer_kind::message, 0, 0, user_data});
        kept = true;
        if (match && !by.empty() && !an_operations)
            perhaps_awaited.emplace_back(card, *match);
        else
            TESSERA_TRY(campaigns.mark_late(card));
    }
    if (!kept) return campaigns.put_unmatched(ordinal, subscriber, user_data);
    std::map<chunk_id, std::int64_t> put_as;
    for (const auto& [where, block] : blocks) {
        TESSERA_TRY_VALUE(put_as[where], campaigns.put_answers(where, ordinal, block));
    }
    for (const auto& [card, where] : perhaps_awaited) {
        // Whoever awaits it settles it in time.
        TESSERA_TRY_VALUE(const bool awaited, campaigns.pass_on(where, put_as[where], by));
        if (!awaited) TESSERA_TRY(campaigns.mark_late(card));
    }
    return {};
}

result<unmatched_count> unmatched_messages(store::connection& reader) {
    TESSERA_TRY_VALUE(auto* query, reader.kept("SELECT kept, dropped FROM unmatched_count"));
    TESSERA_TRY(query->with().step());
    const unmatched_count found{query->integer(0), query->integer(1)};
    query->reset();
    return found;
}

}  // namespace tessera::campaigns
