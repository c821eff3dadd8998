# shellcheck shell=bash
# Which Debian 12 packages each job needs, and how the missing ones get here. Sourced by ./dev.

packages_of() {
    case $1 in
    build)
        echo g++ cmake ninja-build ccache mold pkg-config libssl-dev libsqlite3-dev libpq-dev libboost1.81-dev \
            libboost-json1.81-dev libtomlplusplus-dev libzip-dev libcli11-dev libspdlog-dev libfmt-dev libpcsclite-dev \
            libhowardhinnant-date-dev tzdata
        ;;
    test)
        echo libgtest-dev libgmock-dev libnet-smpp-perl openssl patch python3 postgresql-15 pcscd vsmartcard-vpcd
        # Node often comes from elsewhere than Debian, and Debian's npm would break such an installation.
        if ! command -v node >/dev/null || ! command -v npm >/dev/null; then echo nodejs npm ca-certificates; fi
        ;;
    lint) echo git python3 clang-format clang-tidy-19 clang-19 shellcheck ;;
    clang) echo clang-19 libclang-rt-19-dev ;;
    *) fail "no such group of packages: $1" ;;
    esac
}

# missing_packages NAME...: those that are not installed. One question to dpkg, since every verb asks.
missing_packages() {
    local installed package
    # dpkg-query also fails for names that it has never heard of: those are missing too.
    installed=" $(dpkg-query -W -f '${Package}=${db:Status-Status} ' "$@" 2>/dev/null || true)"
    for package in "$@"; do
        [[ $installed == *" $package=installed "* ]] || printf '%s\n' "$package"
    done
}

# as_root COMMAND...: by sudo unless we are root.
as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        return 126
    fi
}

# need GROUP...: installs what is missing of these groups.
need() {
    local group wanted=() missing=()
    for group in "$@"; do
        # shellcheck disable=SC2207  # package names hold no blanks
        wanted+=($(packages_of "$group"))
    done
    if ! command -v dpkg-query >/dev/null; then
        say "this is not a Debian machine, so you install these by your own means: ${wanted[*]}"
        return
    fi
    mapfile -t missing < <(missing_packages "${wanted[@]}" | sort -u)
    ((${#missing[@]} == 0)) && return
    install_packages "${missing[@]}"
}

install_packages() {
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        fail "missing packages: $*; neither root nor sudo here, so have them installed: apt-get install $*"
    fi
    local log still=() apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600)
    log=$(mktemp)
    say "installing $*"
    # Lists that could not be refreshed may still do: the installation decides.
    as_root "${apt[@]}" update >"$log" 2>&1 || say "apt-get update failed, trying with the lists that are here"
    if ! as_root "${apt[@]}" install --yes --no-install-recommends "$@" >>"$log" 2>&1; then
        grep -E '^(E|W|Err)[: ]' "$log" >&2 || tail -n 20 "$log" >&2
        mapfile -t still < <(missing_packages "$@")
        fail "could not install: ${still[*]:-$*} (the whole output of apt-get is in $log)"
    fi
    rm -f "$log"
}

# The foreign SMPP implementations that the tier `real` talks to.
need_peers() {
    local peers=${root:?set by ./dev}/tests/peers
    [[ -f $peers/package-lock.json ]] || return 0
    [[ ! -f $peers/node_modules/.package-lock.json ||
        $peers/package-lock.json -nt $peers/node_modules/.package-lock.json ]] || return 0
    say "installing the peers of tests/peers/package-lock.json"
    (cd "$peers" && npm ci --no-audit --no-fund >&2) || fail "npm ci failed in tests/peers"
}
