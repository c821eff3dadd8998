#include "operations/renumber.h"

#include "operations/store.h"

namespace tessera::operations {
namespace {

std::string number_text(std::uint64_t number) { return number == 0 ? "none" : std::to_string(number); }

}  // namespace

result<void> note_numbers(store::connection& writer, const std::vector<cards::changed_number>& changed, timestamp now,
                          random_port& random) {
    operation_store operations(writer);
    for (const auto& one : changed) {
        stored_operation row;
        row.id = make_uuid7(now, random);
        row.card = one.card;
        row.kind = operation_kind::number;
        row.what = "msisdn " + number_text(one.before) + " to " + number_text(one.now);
        row.started_at = now;
        single_request nothing;  // is sent
        nothing.kind = row.kind;
        TESSERA_TRY_VALUE(const auto key, operations.insert(row, nothing));
        TESSERA_TRY(operations.end(key, outcome::done, {}, 0, now));
    }
    return {};
}

}  // namespace tessera::operations
