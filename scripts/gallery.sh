#!/usr/bin/env bash
# `make gallery`: screenshots of every view into end2end/gallery/, over the demo shop and over a
# retailer's real data. Arguments go to Playwright: `-g wizard` makes only those of the wizard,
# `--project shop` leaves out the real data.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/env.sh"
. "$here/build.sh"

[ -x "$TRAINSET_BIN" ] || die "the server is not built: make gallery builds it"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
TRAINSET_E2E_DIR=$scratch
TRAINSET_E2E_PORT=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
TRAINSET_COMPLETE_JOURNEY=${TRAINSET_COMPLETE_JOURNEY:-$("$here/complete-journey.sh")}
export TRAINSET_E2E_DIR TRAINSET_E2E_PORT TRAINSET_COMPLETE_JOURNEY

cd "$TRAINSET_ROOT/end2end"
npx --no-install playwright test --config gallery.config.ts "$@" </dev/null
for set in gallery/*/; do say "look at $TRAINSET_ROOT/end2end/${set}index.html"; done
