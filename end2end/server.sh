#!/usr/bin/env bash
# Starts the server that the browser tests walk through: Playwright runs it, see playwright.config.ts.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
bin=${TRAINSET_BIN:-$root/target/server/trainset}
folder=${TRAINSET_E2E_DIR:-$root/target/e2e}
port=${TRAINSET_E2E_PORT:-3210}

rm -rf "$folder/shop" "$folder"/e2e.db*
mkdir -p "$folder"
"$bin" demo "$folder/shop"
# The BigQuery server that scripts/e2e.sh starts.
if [ -n "${TRAINSET_E2E_ENDPOINT:-}" ]; then
    export TRAINSET_BIGQUERY_ENDPOINT=$TRAINSET_E2E_ENDPOINT TRAINSET_BIGQUERY_CREDENTIALS=none
fi
exec "$bin" serve --addr "127.0.0.1:$port" --database "$folder/e2e.db" --warehouse "$folder/shop"
