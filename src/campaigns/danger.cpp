#include "campaigns/danger.h"

#include "operations/danger.h"

namespace tessera::campaigns {

std::string dangers_of(const definition& what) {
    auto found = operations::dangers_of_writes(what.writes, what.security.tar);
    for (auto& one : operations::dangers_of_applications(what.applications)) found.push_back(std::move(one));
    if (what.rotation) found.emplace_back("it replaces keys of the cards (PUT KEY)");
    return operations::joined(found);
}

}  // namespace tessera::campaigns
