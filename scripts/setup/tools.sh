# The programs that build the client: cargo-leptos, wasm-bindgen, wasm-opt. Sourced by setup.sh.
# They go to ~/.cache/trainset/tools and are found there first, whatever else the machine has.
# shellcheck shell=bash

CARGO_LEPTOS_VERSION=0.3.11
BINARYEN_VERSION=132.0.0
TOOLS=$TRAINSET_CACHE/tools

# Only the compressor in these tools is performance-critical: without the optimiser they build in a
# fraction of the time of their own profiles.
install_crate() {
    local opt_level=$1
    shift
    say "building $1 (some minutes, once)"
    mkdir -p "$TOOLS"
    CARGO_TARGET_DIR="$TOOLS/build" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL="$opt_level" \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
        cargo install --root "$TOOLS" --force "$@" </dev/null >&2 || die "$1 could not be built; the lines above say why"
    rm -rf "$TOOLS/build"
}

# The version in use of a dependency, from Cargo.lock.
locked_version() { awk -v name="\"$1\"" '$1 == "name" { found = ($3 == name) } found && $1 == "version" { gsub(/"/, "", $3); print $3; exit }' Cargo.lock; }

# The program and the library must have exactly the same version, otherwise the build fails.
ensure_wasm_bindgen() {
    local version
    version=$(locked_version wasm-bindgen)
    [ -n "$version" ] || die "Cargo.lock names no wasm-bindgen"
    if [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $version" ]; then return 0; fi
    # Not --locked: its lock file names versions that were withdrawn.
    install_crate 1 wasm-bindgen-cli --version "$version"
}

ensure_cargo_leptos() {
    if [ "$(cargo-leptos --version 2>/dev/null)" = "cargo-leptos $CARGO_LEPTOS_VERSION" ]; then return 0; fi
    # Two of its locked dependencies require a newer Rust than they use: 1.95 builds it.
    install_crate 0 cargo-leptos --version "$CARGO_LEPTOS_VERSION" --locked --ignore-rust-version --features no_downloads \
        --config 'profile.release.package.brotli.opt-level=3'
}

# wasm-opt comes as a node package on every system; Debian's own is too old for the output of
# current compilers.
ensure_wasm_opt() {
    if [ "$(wasm-opt --version 2>/dev/null | sed 's/^wasm-opt version \([0-9]*\).*/\1/')" = "${BINARYEN_VERSION%%.*}" ]; then return 0; fi
    say "installing wasm-opt"
    mkdir -p "$TOOLS/node" "$TOOLS/bin"
    (cd "$TOOLS/node" && npm install --no-save --no-package-lock --no-fund --no-audit "binaryen@$BINARYEN_VERSION" </dev/null >&2) ||
        die "the node package binaryen (wasm-opt) could not be installed"
    ln -sfn ../node/node_modules/.bin/wasm-opt "$TOOLS/bin/wasm-opt"
}

# ensure_node MAJOR: wasm-opt and Playwright run on it.
ensure_node() {
    if ! have node || ! have npm; then
        have apt-get || die "no Node.js: install version $1 or newer with npm and run this again"
        # Some packages of nodejs include npm and refuse another.
        apt_install nodejs
        have npm || apt_install npm
    fi
    version_ge "$(node --version | tr -d v)" "$1" || die "Node.js $(node --version) is too old: install version $1 or newer"
}
