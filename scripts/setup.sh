#!/usr/bin/env bash
# Installs what is missing, and only that: safe to run again, and quick if nothing is missing.
#
#   scripts/setup.sh run    what `make run` needs: Rust with the wasm32 target, cargo-leptos, wasm-bindgen, wasm-opt
#   scripts/setup.sh test   that, and what the tests need: node packages, a Chromium, Python packages
#
# Nothing is written into the clone but end2end/node_modules. The rest goes to ~/.cache/trainset, and system packages through apt.
# TRAINSET_RUST=rustup or TRAINSET_RUST=debian forces one of the two ways to a Rust.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/env.sh"
. "$here/setup/rust.sh"
. "$here/setup/tools.sh"
. "$here/setup/browser.sh"
. "$here/setup/python.sh"

what=${1:-run}
case "$what" in
run | test) ;;
*) die "usage: scripts/setup.sh [run|test]" ;;
esac

cd "$TRAINSET_ROOT"
ensure_c_compiler
ensure_rust
ensure_fast_linker
ensure_node 18
ensure_wasm_bindgen
ensure_wasm_opt
ensure_cargo_leptos
if [ "$what" = test ]; then
    ensure_node 20
    ensure_node_packages
    ensure_chromium
    ensure_python
fi
say "set-up is complete"
