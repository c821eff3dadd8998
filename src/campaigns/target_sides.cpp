#include "campaigns/target_sides.h"

#include "cards/store.h"

namespace tessera::campaigns {
definition for_cards(const definition& whole) {
    auto made = whole;
    made.terminals.reset();
    made.targets.kind = target_kind::cards;
    return made;
}

definition for_terminals(const definition& whole) {
    auto made = whole;
    made.writes = whole.terminals->settings;
    made.personal = whole.terminals->personal;
    made.security.tar = whole.terminals->application;
    made.security.format = operations::script_format::compact;
    made.chaining = false;
    made.profiles.application.clear();
    made.terminals.reset();
    made.targets.kind = target_kind::terminals;
    return made;
}

result<void> terminal_ports::load(store::connection& reader, cards::card_id first, cards::card_id last) {
    ports_.clear();
    TESSERA_TRY_VALUE(const auto found, cards::card_store(reader).terminals(first, last));
    for (const auto& one : found) ports_.emplace(one.id.value, one.port);
    return {};
}

}  // namespace tessera::campaigns
