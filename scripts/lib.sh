# Small functions that the scripts share. Sourced, never run; defines functions and does nothing.
# shellcheck shell=bash

# Progress, one line per step, on stderr so that a script's output stays its own.
say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as root: as it is for root, through sudo otherwise.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "this step needs root and there is no sudo; run as root: $*"
    fi
}

# version_ge A B: is version A at least B?
version_ge() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

# Waits at most this many seconds, if the system has `timeout`.
within() {
    if have timeout; then timeout "$@"; else "${@:2}"; fi
}

# The version that Debian's archive would install now; empty if it has none.
apt_candidate() {
    apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -v '^(none)$' | sed 's/^[0-9]*://' || true
}

# Package lists are read once per run, and only if something is missing.
apt_lists() {
    if [ -z "${APT_LISTS_READ:-}" ]; then
        say "reading the lists of packages"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null >&2 || say "some package lists could not be read; going on with those that are there"
        APT_LISTS_READ=1
    fi
}

# Installs the packages that are not installed yet.
apt_install() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    apt_lists
    say "installing ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" </dev/null >&2
}

# record NAME VALUE: stores a choice of the set-up in the file that env.sh reads.
record() {
    local file="$TRAINSET_CACHE/env"
    mkdir -p "$TRAINSET_CACHE"
    touch "$file"
    {
        grep -v "^export $1=" "$file" || true
        if [ -n "$2" ]; then printf 'export %s=%q\n' "$1" "$2"; fi
    } >"$file.new"
    mv "$file.new" "$file"
    if [ -n "$2" ]; then export "$1=$2"; else unset "$1"; fi
}
