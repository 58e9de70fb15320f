#!/usr/bin/env bash
# Starts the server that the browser tests walk through: Playwright runs it, see playwright.config.ts. Over a fresh demo shop, or over the tables of
# TRAINSET_E2E_WAREHOUSE.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
bin=${TRAINSET_BIN:-$root/target/server/trainset}
folder=${TRAINSET_E2E_DIR:-$root/target/e2e}
port=${TRAINSET_E2E_PORT:-3210}

mkdir -p "$folder"
rm -f "$folder/e2e-$port.db"*
warehouse=${TRAINSET_E2E_WAREHOUSE:-}
if [ -z "$warehouse" ]; then
    warehouse="$folder/shop"
    rm -rf "$warehouse"
    "$bin" demo "$warehouse"
fi
# The BigQuery server that scripts/e2e.sh starts.
if [ -n "${TRAINSET_E2E_ENDPOINT:-}" ]; then
    export TRAINSET_BIGQUERY_ENDPOINT=$TRAINSET_E2E_ENDPOINT TRAINSET_BIGQUERY_CREDENTIALS=none
fi
exec "$bin" serve --addr "127.0.0.1:$port" --database "$folder/e2e-$port.db" --warehouse "$warehouse"
