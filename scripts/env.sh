# The environment of every build and test: source it, `. scripts/env.sh`.
# It reads what scripts/setup.sh chose (which Rust, which browser) and puts the installed tools first in PATH. Installs nothing.
# shellcheck shell=bash

TRAINSET_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TRAINSET_CACHE=${TRAINSET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/trainset}
export TRAINSET_ROOT TRAINSET_CACHE

# Variables set by hand take precedence over what the set-up recorded.
_toolchain=${RUSTUP_TOOLCHAIN:-} _chromium=${TRAINSET_CHROMIUM:-}
if [ -f "$TRAINSET_CACHE/env" ]; then
    # shellcheck source=/dev/null
    . "$TRAINSET_CACHE/env"
fi
if [ -n "$_toolchain" ]; then export RUSTUP_TOOLCHAIN=$_toolchain; fi
if [ -n "$_chromium" ]; then export TRAINSET_CHROMIUM=$_chromium; fi
unset _toolchain _chromium

# rustup is often installed but not yet in a new shell's PATH. If the record names a toolchain, its
# cargo must be rustup's.
_cargo_bin=${CARGO_HOME:-$HOME/.cargo}/bin
if [ -x "$_cargo_bin/cargo" ]; then PATH="$_cargo_bin:$PATH"; fi
unset _cargo_bin
export PATH="$TRAINSET_CACHE/tools/bin:$PATH"

# Plans are made on short-lived threads, and glibc keeps the memory that each of them freed in an
# arena of its own: after 27,000 views the process held 600 MB of such, with two arenas next to
# nothing.
export MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-2}

# The server's programs are large: lld links them in seconds where GNU ld takes a quarter of a
# minute. rustup's Rust has it built in.
if [ "${RUSTUP_TOOLCHAIN:-}" = debian ] && [ -e "$TRAINSET_CACHE/tools/bin/ld.lld" ]; then
    export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-C link-arg=-fuse-ld=lld"
fi

# Outside the clone, so that a second clone finds the dependencies built.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$TRAINSET_CACHE/target}

# Clones share that folder, and cargo distinguishes our own crate's artifacts of two clones only by
# the time of their files: what another clone built later would pass for this one's. So a clone that
# was not the last to build here touches its files.
_owner="$CARGO_TARGET_DIR/last-clone"
if [ "$(cat "$_owner" 2>/dev/null)" != "$TRAINSET_ROOT" ]; then
    mkdir -p "$CARGO_TARGET_DIR"
    find "$TRAINSET_ROOT/src" "$TRAINSET_ROOT/tests" "$TRAINSET_ROOT/benches" -name '*.rs' -exec touch {} + 2>/dev/null || true
    printf '%s\n' "$TRAINSET_ROOT" >"$_owner"
fi
unset _owner
