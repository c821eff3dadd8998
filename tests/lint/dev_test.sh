#!/usr/bin/env bash
# What ./dev promises before it builds anything: help, wrong usage, working from another folder and a path with blanks.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
fail() {
    echo "dev_test: $*" >&2
    exit 1
}
expect() { # STATUS COMMAND...
    local status=0 wanted=$1
    shift
    "$@" >/dev/null 2>&1 || status=$?
    ((status == wanted)) || fail "$*: exit status $status, expected $wanted"
}

expect 0 "$root/dev"
expect 0 "$root/dev" help
expect 0 "$root/dev" bench
expect 2 "$root/dev" nonsense
expect 2 "$root/dev" build nonsense
expect 2 "$root/dev" test --tier nonsense
expect 2 "$root/dev" test --preset release
expect 2 "$root/dev" bench nonsense
expect 2 "$root/dev" fuzz nonsense
expect 2 "$root/dev" fuzz --seconds soon

# Every verb that help names exists, and the other way round.
told=$("$root/dev" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | sort -u | xargs)
known=$({ grep -o '^verb_[a-z]*' "$root/dev" | sed 's/verb_//'; echo help; } | sort | xargs)
[[ $told == "$known" ]] || fail "help tells of: $told; the script knows: $known"

copy=$(mktemp -d)
trap 'rm -rf -- "$copy"' EXIT
mkdir -p "$copy/a b/bench" "$copy/a b/tools"
cp "$root/dev" "$copy/a b/"
cp -r "$root/tools/dev" "$copy/a b/tools/"
touch "$copy/a b/bench/x_bench.cpp"
cd /
[[ $("$copy/a b/dev" bench) == x ]] || fail "./dev bench does not list the benches of a clone whose path has a blank"
