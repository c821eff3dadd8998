// What a verification found, into the image and the answer.
#pragma once

#include "operations/types.h"
#include "store/database.h"

namespace tessera::operations {

struct verified_card {
    cards::card_id card;
    std::int64_t image_version = 0;  // when the verification began
    std::uint64_t counter = 0;       // of its first packet: what was written between its packets is of later
};

// The image follows what the answer's data say of the request's file; where it differed, the answer's cause and the
// card's history say so. In the caller's transaction.
[[nodiscard]] result<void> record_verification(store::connection& writer, const single_request& request,
                                               const verified_card& of, single_answer& answer, timestamp now);

}  // namespace tessera::operations
