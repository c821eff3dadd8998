#include "store/database.h"

namespace tessera::store {

result<void> statement::execute() {
    for (;;) {
        auto more = step();
        if (!more) return std::unexpected(std::move(more).error());
        if (!*more) return {};
    }
}

result<statement*> connection::kept(const char* sql) {
    auto& place = kept_[sql];
    if (!place) {
        auto prepared = prepare(sql);
        if (!prepared) return std::unexpected(std::move(prepared).error());
        place = std::move(*prepared);
    }
    return place.get();
}

}  // namespace tessera::store
