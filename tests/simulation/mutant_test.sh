#!/usr/bin/env bash
# A mutant is caught: some seed of a thousand shows that something does not hold. The sound program holds for
# all of them (simulation.two_hundred_seeds).
#   mutant_test.sh PROGRAM [FIRST SEED]
set -euo pipefail
program=$1 first=${2:-1}
if "$program" --runs 1000 --from "$first" --until-failure; then
    echo "$(basename -- "$program"): nobody noticed" >&2
    exit 1
fi
