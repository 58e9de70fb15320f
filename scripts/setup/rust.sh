# A Rust that is new enough, with rustfmt, clippy and the wasm32-unknown-unknown target. Sourced by setup.sh.
#
# The usual way is rustup. If it is missing or cannot download, Debian's packages provide a current
# Rust, and the target's standard library, which they lack, is built once from their sources.
# shellcheck shell=bash

WASM=wasm32-unknown-unknown

minimum_rust() { sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$TRAINSET_ROOT/Cargo.toml"; }

# with_rust TOOLCHAIN COMMAND…: an empty TOOLCHAIN is whatever cargo PATH has.
with_rust() {
    local toolchain=$1
    shift
    if [ -n "$toolchain" ]; then RUSTUP_TOOLCHAIN=$toolchain "$@"; else env -u RUSTUP_TOOLCHAIN "$@"; fi
}

rust_release() { with_rust "$1" rustc -vV 2>/dev/null | sed -n 's/^release: \([0-9.]*\).*/\1/p'; }

rust_is_new_enough() {
    local release
    release=$(rust_release "$1")
    [ -n "$release" ] && version_ge "$release" "$(minimum_rust)"
}

# The reliable test of a target is to compile and link for it: it also detects a standard library of
# another compiler.
wasm_works() {
    local dir status=0
    dir=$(mktemp -d)
    echo 'pub fn hello() -> String { String::from("hello") }' >"$dir/probe.rs"
    with_rust "$1" rustc --edition 2021 --crate-type cdylib --target $WASM -o "$dir/probe.wasm" "$dir/probe.rs" >"$dir/log" 2>&1 || status=1
    rm -rf "$dir"
    return $status
}

rust_is_complete() {
    rust_is_new_enough "$1" && with_rust "$1" cargo --version >/dev/null 2>&1 && with_rust "$1" cargo fmt --version >/dev/null 2>&1 &&
        with_rust "$1" cargo clippy --version >/dev/null 2>&1 && wasm_works "$1"
}

choose_rust() {
    record RUSTUP_TOOLCHAIN "$1"
    say "Rust: $(with_rust "$1" rustc --version)${1:+ (toolchain $1)}"
}

ensure_rust() {
    local toolchain
    case "${TRAINSET_RUST:-auto}" in
    rustup)
        rust_from_rustup || die "rustup could not give a Rust $(minimum_rust) or newer with the $WASM target"
        return 0
        ;;
    debian)
        rust_from_debian || die "the system's packages could not give a Rust $(minimum_rust) or newer"
        return 0
        ;;
    esac

    # Complete already? The one in use first, then those that are installed.
    if have rustup; then
        for toolchain in "${RUSTUP_TOOLCHAIN:-}" "$(active_toolchain)" stable debian; do
            if [ -n "$toolchain" ] && rustup toolchain list | grep -q "^$toolchain\b" && rust_is_complete "$toolchain"; then
                choose_rust "$toolchain"
                return 0
            fi
        done
    elif have cargo && rust_is_complete ""; then
        choose_rust ""
        return 0
    fi

    if rust_from_rustup || rust_from_debian; then return 0; fi
    die "no usable Rust: install rustup (https://rustup.rs) and run this again; Rust $(minimum_rust) or newer is needed"
}

active_toolchain() { env -u RUSTUP_TOOLCHAIN rustup show active-toolchain 2>/dev/null | cut -d' ' -f1; }

rust_from_rustup() {
    have rustup || return 1
    local toolchain
    toolchain=$(active_toolchain)
    if [ -z "$toolchain" ] || ! rust_is_new_enough "$toolchain"; then
        say "installing the stable Rust with rustup"
        within 900 rustup toolchain install stable --profile minimal --no-self-update >&2 || return 1
        toolchain=stable
        rust_is_new_enough "$toolchain" || return 1
    fi
    say "adding the $WASM target to the toolchain $toolchain"
    if ! within 300 rustup target add --toolchain "$toolchain" $WASM >&2; then
        say "rustup could not download the target"
        return 1
    fi
    within 300 rustup component add --toolchain "$toolchain" rustfmt clippy >&2 || return 1
    rust_is_complete "$toolchain" || return 1
    choose_rust "$toolchain"
}

rust_from_debian() {
    have apt-get || return 1
    local minimum candidate packages=() toolchain='' llvm
    minimum=$(minimum_rust)
    [ -n "$(apt_candidate rustc-web)$(apt_candidate rustc)" ] || apt_lists
    # The stable releases have a current Rust as `rustc-web`, for their browsers; newer ones may
    # have it as `rustc`.
    for candidate in "rustc-web cargo-web rust-web-src rust-web-clippy rustfmt-web" "rustc cargo rust-src rust-clippy rustfmt"; do
        if version_ge "$(apt_candidate "${candidate%% *}")" "$minimum"; then
            read -r -a packages <<<"$candidate"
            break
        fi
    done
    if [ ${#packages[@]} -eq 0 ]; then
        apt_lists
        say "the system's packages have no Rust $minimum or newer"
        return 1
    fi
    say "taking Rust from the system's packages"
    apt_install "${packages[@]}" || return 1
    llvm=$(/usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
    apt_install "lld-$llvm" || return 1

    if have rustup; then
        toolchain=debian
        rustup toolchain link "$toolchain" /usr >&2
    fi
    ensure_rust_lld "$toolchain" "$llvm" || return 1
    ensure_wasm_std "$toolchain" || return 1
    rust_is_complete "$toolchain" || return 1
    choose_rust "$toolchain"
}

# rustc links wasm with `rust-lld`; Debian has the same program under another name.
ensure_rust_lld() {
    local host bin
    host=$(with_rust "$1" rustc -vV | sed -n 's/^host: //p')
    bin="$(with_rust "$1" rustc --print sysroot)/lib/rustlib/$host/bin"
    if [ ! -x "$bin/rust-lld" ]; then
        as_root mkdir -p "$bin"
        as_root ln -sfn "/usr/bin/lld-$2" "$bin/rust-lld"
    fi
}

# A linker under the name that gcc looks for; env.sh then uses it for the server's programs.
ensure_fast_linker() {
    local lld
    if [ "${RUSTUP_TOOLCHAIN:-}" != debian ] || [ -e "$TRAINSET_CACHE/tools/bin/ld.lld" ]; then return 0; fi
    lld=$(compgen -G '/usr/bin/ld.lld-*' | sort -V | tail -1) || return 0
    mkdir -p "$TRAINSET_CACHE/tools/bin"
    ln -sfn "$lld" "$TRAINSET_CACHE/tools/bin/ld.lld"
}

# Builds the target's standard library from the packaged sources and puts it where the compiler
# looks. It fits exactly one compiler, whose version is stored beside it.
ensure_wasm_std() {
    local toolchain=$1 lib stamp dir rlib
    lib="$(with_rust "$toolchain" rustc --print sysroot)/lib/rustlib/$WASM/lib"
    stamp="$lib/built-by"
    if wasm_works "$toolchain" && { [ ! -e "$stamp" ] || [ "$(cat "$stamp")" = "$(with_rust "$toolchain" rustc -vV)" ]; }; then return 0; fi

    say "building the standard library for $WASM (about a minute)"
    dir=$(mktemp -d)
    mkdir "$dir/src" "$dir/lib"
    : >"$dir/src/lib.rs"
    printf '[package]\nname = "throw-away"\nversion = "0.0.0"\nedition = "2021"\n' >"$dir/Cargo.toml"
    (cd "$dir" && CARGO_TARGET_DIR="$dir/target" RUSTC_BOOTSTRAP=1 with_rust "$toolchain" \
        cargo build --release --target $WASM -Zbuild-std=std,panic_abort) >&2 || return 1
    for rlib in "$dir/target/$WASM/release/deps"/lib*.rlib; do
        case "$rlib" in */libthrow_away-*) ;; *) cp "$rlib" "$dir/lib/" ;; esac
    done
    with_rust "$toolchain" rustc -vV >"$dir/lib/built-by"
    chmod 755 "$dir/lib"
    # All at once: two versions of one library side by side would not link.
    as_root rm -rf "$lib"
    as_root mkdir -p "${lib%/lib}"
    as_root cp -r "$dir/lib" "$lib"
    rm -rf "$dir"
    wasm_works "$toolchain"
}

# Some dependencies compile C (SQLite, ring).
ensure_c_compiler() {
    if have cc; then return 0; fi
    have apt-get || die "no C compiler: install one (cc) and run this again"
    apt_install build-essential
}
