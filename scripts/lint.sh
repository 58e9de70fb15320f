#!/usr/bin/env bash
# `make lint`: format, then clippy over client and server; a warning fails.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/env.sh"
cd "$TRAINSET_ROOT"
mkdir -p target/site

lint_format() { cargo fmt --check; }
lint_browser_half() { cargo clippy --lib --features hydrate --target wasm32-unknown-unknown -- -D warnings; }
lint_server_half() { cargo clippy --features ssr --all-targets -- -D warnings; }

[ $# -gt 0 ] || set -- format browser_half server_half
for part in "$@"; do
    say "lint: ${part/_/ }"
    "lint_$part" </dev/null
done
