#!/usr/bin/env bash
# `make run`: set up, build client and server, serve on http://127.0.0.1:3000. Arguments go to
# `trainset serve`.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
"$here/setup.sh" run
. "$here/lib.sh"
. "$here/env.sh"
. "$here/build.sh"
cd "$TRAINSET_ROOT"

build_front
build_server
say "starting the server; Ctrl-C stops it"
exec "$TRAINSET_BIN" serve "$@"
