#!/usr/bin/env bash
# The same seed gives the same run: whatever it says of itself, its hash of all that passed included, is the same again,
# also when other seeds ran before it in the same process.
set -euo pipefail
program=$1
alone() { "$program" --seed "$1" --json; }
for seed in 1 7 23 42; do
    first=$(alone "$seed")
    again=$(alone "$seed")
    [[ $first == "$again" ]] || {
        printf 'seed %s:\n%s\n%s\n' "$seed" "$first" "$again"
        exit 1
    }
    told=$("$program" --seed "$seed" --verbose | grep -o 'trace [0-9a-f]*' | tail -n 1)
    [[ $first == *"${told#trace }"* ]] || {
        printf 'seed %s: watching it changes it: %s, %s\n' "$seed" "$first" "$told"
        exit 1
    }
done
