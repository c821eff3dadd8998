#include "operations/verification.h"

#include <algorithm>

#include "cards/store.h"

namespace tessera::operations {

result<void> record_verification(store::connection& writer, const single_request& request, const verified_card& of,
                                 single_answer& answer, timestamp now) {
    cards::card_store cards(writer);
    const auto& file = request.file;
    TESSERA_TRY_VALUE(const auto card, cards.get(of.card));
    TESSERA_TRY_VALUE(const auto image, cards.image(of.card));
    const auto held = std::ranges::find_if(
        image, [&](const auto& entry) { return entry.file == file.file && entry.record == file.record; });
    proved_reading proved{file.file,
                          file.record,
                          answer.data,
                          true,
                          std::nullopt,
                          {request.security.key_version, application_of(request.security.tar), of.counter},
                          card.image_version == of.image_version,
                          true};
    if (held != image.end()) {
        proved.before.emplace(known_image{held->content, held->proof});
        answer.expected = held->content;
    }
    TESSERA_TRY_VALUE(answer.compared, read_image(cards, of.card, proved, now));
    if (answer.compared == comparison::differs) answer.why = {cause_kind::drift, 1, 0};
    return {};
}

}  // namespace tessera::operations
