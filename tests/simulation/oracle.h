// What must hold when everything is over: the database's word against the witness's.
#pragma once

#include "operator_desk.h"

namespace tessera::simulation {

// Tells every violation to the world outside.
void examine(simulated_world& world, const scenario& what, operator_desk& desk, run_report& report);

}  // namespace tessera::simulation
