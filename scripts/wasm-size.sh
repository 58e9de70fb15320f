#!/usr/bin/env bash
# How much of the client each crate and function takes. Builds it as build_front does but keeps the
# functions' names. Arguments: how many lines per table, and a word in the names of the largest
# functions.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/env.sh"
cd "$TRAINSET_ROOT"

folder=target/wasm-size
mkdir -p "$folder" target/site
cargo build --lib --features hydrate --target wasm32-unknown-unknown --profile wasm-release --target-dir "$CARGO_TARGET_DIR/front" </dev/null
wasm-bindgen --target web --keep-debug --out-dir "$folder" --out-name trainset "$CARGO_TARGET_DIR/front/wasm32-unknown-unknown/wasm-release/trainset.wasm"
wasm-opt -Oz --one-caller-inline-max-function-size=40 -g "$folder/trainset_bg.wasm" -o "$folder/named.wasm"
exec node "$here/wasm-size.mjs" "$folder/named.wasm" "$@"
