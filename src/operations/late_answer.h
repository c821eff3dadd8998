// What comes from a card after its single operation ended unknown: kept with it, and still able to settle it (C-8).
#pragma once

#include <span>

#include "cards/key_vault.h"
#include "operations/store.h"
#include "operations/verdict.h"

namespace tessera::operations {

// Puts it to the card's operations with this application, or of any where it names none, that ended unknown. False:
// there is none. In the caller's transaction.
[[nodiscard]] result<bool> keep_late_answer(store::connection& writer, cards::card_id card,
                                            std::optional<std::uint32_t> application, byte_view user_data);

// Not thread safe.
class late_answers {
public:
    explicit late_answers(const cards::key_vault& vault) : vault_(vault.another()) {}

    // Weighs again what ended unknown of the card, by what is kept with it and by what came from the card and was kept
    // `elsewhere`. What the card itself has proved revises the outcome, and a write's image with it. In the caller's
    // transaction.
    [[nodiscard]] result<void> settle(store::connection& writer, cards::card_id card, std::span<const bytes> elsewhere,
                                      timestamp now);

private:
    [[nodiscard]] result<void> settle_one(store::connection& writer, cards::card_id card, operation_key key,
                                          std::span<const bytes> elsewhere, timestamp now);
    cards::key_vault vault_;
    judge judge_;
};

}  // namespace tessera::operations
