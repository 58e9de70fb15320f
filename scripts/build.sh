# The two builds, the same for `make run` and for the tests. Sourced after lib.sh and env.sh, from
# the clone's root.
# shellcheck shell=bash

# The server's program, where build_server leaves it.
export TRAINSET_BIN="$TRAINSET_ROOT/target/server/trainset"

# The client, small: optimised for size, run through wasm-opt, precompressed. Into target/site.
build_front() {
    say "building the browser's half (minutes the first time)"
    # site-root is below the clone's own target/, wherever cargo's artifacts go.
    mkdir -p target/site
    cargo leptos build --frontend-only --release --precompress --split </dev/null
}

# The server, with the profile and features of the tests, so that its dependencies are built once.
build_server() {
    say "building the server (DataFusion takes long the first time, then never again)"
    mkdir -p target/site "$(dirname "$TRAINSET_BIN")"
    cargo build --features ssr --bin trainset </dev/null
    # Linked away from cargo's folder, which other clones share and overwrite.
    ln -f "$CARGO_TARGET_DIR/debug/trainset" "$TRAINSET_BIN" 2>/dev/null || cp -f "$CARGO_TARGET_DIR/debug/trainset" "$TRAINSET_BIN"
}
