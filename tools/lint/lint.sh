#!/usr/bin/env bash
# What `./dev lint` and `./dev format` do once the tools are installed and build/dev is configured.
#   lint.sh            all checks; clang-tidy on the C++ files that changed
#   lint.sh --all      clang-tidy on all of them
#   lint.sh --format   rewrites instead of checking
set -euo pipefail

root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
cd "$root"
tidy_files_max=20 # a change is rarely larger, and clang-tidy takes seconds per file

say() { printf 'lint: %s\n' "$*" >&2; }
# A checkout may belong to another user than the one who checks it (CI); reading it is harmless.
git() { command git -c safe.directory="$root" "$@"; }

cpp_files() { git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.h'; }
existing() { # NUL-separated names in, those that are files out
    local file
    while IFS= read -r -d '' file; do [[ ! -f $file ]] || printf '%s\0' "$file"; done
}

check_format() {
    # clang-format tells of each misplaced blank in three lines; one line per place is enough to find it.
    cpp_files | existing | xargs -0r clang-format --dry-run -Werror 2>&1 |
        sed -E -e '/^[^ ].*: error: /!d' -e 's/^([^:]*:[0-9]+):[0-9]+: error: code should be.*/\1: format: not as .clang-format says/' |
        uniq
}

check_scripts() {
    git ls-files -z --cached --others --exclude-standard -- dev .ci/run '*.sh' | existing | xargs -0r shellcheck -x
}

# In CI the last commit; elsewhere everything since origin/main, committed or not.
changed_files() {
    if [[ ${1-} == --all ]]; then
        cpp_files
        return
    fi
    local base
    if [[ ${CI-} != true ]] && base=$(git merge-base HEAD origin/main 2>/dev/null); then
        git diff -z --name-only --diff-filter=d "$base" -- '*.cpp' '*.h'
        git ls-files -z --others --exclude-standard -- '*.cpp' '*.h'
    elif git rev-parse -q --verify HEAD~ >/dev/null; then
        git diff -z --name-only --diff-filter=d HEAD~ -- '*.cpp' '*.h'
    else
        cpp_files
    fi
}

# Reads files, NUL-separated; prints the compiled ones among them, and for a header the source of the same name.
compiled() {
    local file source
    while IFS= read -r -d '' file; do
        source=${file%.h}
        source=${source%.cpp}.cpp
        [[ -f $source ]] && grep -qF "/$source\"" build/dev/compile_commands.json && printf '%s\n' "$source"
    done | sort -u
}

check_tidy() {
    local files=()
    mapfile -t files < <(changed_files "$@" | compiled)
    if [[ ${1-} != --all ]] && ((${#files[@]} > tidy_files_max)); then
        say "clang-tidy: the first $tidy_files_max of ${#files[@]} changed files; ./dev lint --all takes all"
        files=("${files[@]:0:tidy_files_max}")
    fi
    ((${#files[@]})) || return 0
    local tests=() sources=() file status=0
    for file in "${files[@]}"; do
        if [[ $file == *_test.cpp || $file == tests/* ]]; then tests+=("$file"); else sources+=("$file"); fi
    done
    tidy "${sources[@]}" || status=1
    # The analyzer follows every path through every assertion macro: most of a minute per test program, for nothing.
    tidy --checks='-clang-analyzer-*' "${tests[@]}" || status=1
    return "$status"
}

tidy() { # [--checks=...] FILE...
    local options=(--quiet -p build/dev)
    # build/dev is g++'s: its warnings have names that clang does not know.
    options+=(--extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-unused-command-line-argument)
    if [[ ${1-} == --* ]]; then
        options+=("$1")
        shift
    fi
    (($#)) || return 0
    printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -n 1 clang-tidy-19 "${options[@]}" \
        2> >(grep -v -E '^[0-9]+ warnings? (generated|treated as error)|^Suppressed |^Use -header-filter' >&2)
}

if [[ ${1-} == --format ]]; then
    cpp_files | existing | xargs -0r clang-format -i
    exit
fi

failed=()
run() { # NAME COMMAND...: all checks run, even after one that failed
    local name=$1
    shift
    say "$name"
    "$@" || failed+=("$name")
}
run "tree rules" python3 tools/lint/check_tree.py
run "format (./dev format repairs it)" check_format
run "shell scripts" check_scripts
run "clang-tidy" check_tidy "$@"
if ((${#failed[@]})); then
    say "failed: $(printf '%s; ' "${failed[@]}")"
    exit 1
fi
say "no findings"
