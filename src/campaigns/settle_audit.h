// P3 of audits: what the cards said that their files hold, put together piece by piece, beside what was expected.
#pragma once

#include <memory>

#include "campaigns/chunk_blocks.h"
#include "campaigns/chunk_work.h"

namespace tessera::campaigns {

// One thread's hands; see settle().
[[nodiscard]] std::unique_ptr<chunk_worker> make_audit_settler(const campaign_run& run, store::lent_reader reader);

// A late answer may complete an audit's reading of a card whose outcome was unknown. In the caller's transaction.
[[nodiscard]] result<void> settle_late_reading(store::connection& writer, chunk_blocks& blocks, cards::key_vault& vault,
                                               operations::judge& judge, const definition& what, campaign_key key,
                                               cards::card_id card, timestamp now);

}  // namespace tessera::campaigns
