#!/usr/bin/env bash
# The browser tests, against the program that build_server left and the site that build_front left. Arguments go to Playwright.
# Every run has its own port, its own demo shop and an empty database, all gone afterwards.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/env.sh"
. "$here/build.sh"

[ -x "$TRAINSET_BIN" ] || die "the server is not built: make e2e builds it"
[ -f "$TRAINSET_ROOT/target/site/pkg/trainset.js" ] || die "the browser's half is not built: make e2e builds it"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
TRAINSET_E2E_DIR=$scratch
TRAINSET_E2E_PORT=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
export TRAINSET_E2E_DIR TRAINSET_E2E_PORT
export PLAYWRIGHT_JSON_OUTPUT_NAME="$TRAINSET_ROOT/target/logs/browser-tests.json"
mkdir -p "$TRAINSET_ROOT/target/logs"

cd "$TRAINSET_ROOT/end2end"
npx --no-install playwright test "$@" </dev/null
