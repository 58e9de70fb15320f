#!/usr/bin/env bash
# The browser tests, against the program that build_server left and the site that build_front left.
# Arguments go to Playwright. Every run has its own port, its own demo shop and an empty database,
# which are all removed afterwards.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/env.sh"
. "$here/build.sh"

[ -x "$TRAINSET_BIN" ] || die "the server is not built: make e2e builds it"
[ -f "$TRAINSET_ROOT/target/site/pkg/trainset.js" ] || die "the browser's half is not built: make e2e builds it"

scratch=$(mktemp -d)
emulator=''
cleanup() {
    [ -z "$emulator" ] || kill "$emulator" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT
TRAINSET_E2E_DIR=$scratch
TRAINSET_E2E_PORT=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
export TRAINSET_E2E_DIR TRAINSET_E2E_PORT
export PLAYWRIGHT_JSON_OUTPUT_NAME="$TRAINSET_ROOT/target/logs/browser-tests.json"
mkdir -p "$TRAINSET_ROOT/target/logs"

# A BigQuery server over the same shop.
python="$TRAINSET_CACHE/python/bin/python"
[ -x "$python" ] || die "the BigQuery emulator's Python is not installed: make e2e installs it"
say "starting a BigQuery emulator"
TRAINSET_E2E_BIGQUERY=demo-project
"$TRAINSET_BIN" demo "$scratch/bigquery" 2>/dev/null
mkfifo "$scratch/stdin"
"$python" "$TRAINSET_ROOT/tests/outside/emulator.py" "$scratch/bigquery" "$TRAINSET_E2E_BIGQUERY" <"$scratch/stdin" >"$scratch/endpoint" &
emulator=$!
exec 9>"$scratch/stdin"
for _ in $(seq 300); do
    [ ! -s "$scratch/endpoint" ] || break
    kill -0 "$emulator" 2>/dev/null || die "the BigQuery emulator did not start"
    sleep 0.2
done
TRAINSET_E2E_ENDPOINT=$(cat "$scratch/endpoint")
export TRAINSET_E2E_BIGQUERY TRAINSET_E2E_ENDPOINT

cd "$TRAINSET_ROOT/end2end"
npx --no-install playwright test "$@" </dev/null
