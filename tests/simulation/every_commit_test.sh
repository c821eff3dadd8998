#!/usr/bin/env bash
# Seeds whose drawn crashes are replaced by one of the first server: before, right after and after the synchronisation of
# each of its first commits, by a loss of power and by a death.
set -euo pipefail
program=$1
failed=0
for commit in $(seq 1 24); do
    for where in before written durable; do
        "$program" --from 1000 --runs 6 --crash-at "$commit:$where:lost" | grep '^seed' && failed=1
    done
    "$program" --from 1000 --runs 6 --crash-at "$commit:durable:kept" | grep '^seed' && failed=1
done
exit "$failed"
