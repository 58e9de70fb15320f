#!/usr/bin/env bash
# The tests of tests/outside: programs by others that read our output. Takes pytest's arguments.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/env.sh"
. "$here/build.sh"
cd "$TRAINSET_ROOT"
[ -x "$TRAINSET_BIN" ] || die "there is no program at $TRAINSET_BIN: run make test, or build it"
export TRAINSET_COMPLETE_JOURNEY=${TRAINSET_COMPLETE_JOURNEY:-$("$here/complete-journey.sh")}
PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 PYTHONDONTWRITEBYTECODE=1 "$TRAINSET_CACHE/python/bin/python" -m pytest -q -p no:cacheprovider tests/outside "$@" </dev/null
