#include "campaigns/membership.h"

#include "campaigns/late_answers.h"
#include "campaigns/safety_store.h"

namespace tessera::campaigns {
namespace {

constexpr std::uint32_t no_application = 0xffff'ffff;  // no TAR is so long

}  // namespace

result<std::optional<operations::inhibition>> membership::inhibits(store::connection& writer, cards::card_id card) {
    TESSERA_TRY_VALUE(const auto found, campaign_store(writer).managed(card));
    if (!found) return std::nullopt;
    return operations::inhibition{found->id, found->name, std::string(to_string(found->phase))};
}

result<void> membership::may_write(store::connection& writer) { return safety_store(writer).nothing_stands(); }

result<void> membership::keep_stray(store::connection& writer, telecom::subscriber_number subscriber,
                                    byte_view user_data) {
    return keep_late_answer(writer, subscriber, user_data, no_application, arrivals_.next(*env_->clock),
                            env_->shared() ? std::string_view(env_->instance) : std::string_view{});
}

}  // namespace tessera::campaigns
