#!/usr/bin/env bash
# `make test`: everything, the cheap checks first, one heavy build at a time. The first stage that fails ends the run.
# Prints each stage's time, and last of all, alone on a line: `N passed, N failed`.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
cd "$here/.."
logs="$PWD/target/logs"
rm -rf "$logs"
mkdir -p "$logs" target/site

times=''
failed_stage=''

# stage NAME COMMAND…: runs it, stores its output in target/logs/NAME.log, remembers how long it
# took.
stage() {
    local name=$1 start=$SECONDS
    shift
    say "stage: $name"
    failed_stage=$name
    "$@" </dev/null 2>&1 | tee "$logs/$name.log"
    failed_stage=''
    times+=$(printf '%6d s  %s' $((SECONDS - start)) "$name")$'\n'
}

# The sum of the test counts of cargo test or nextest in a log. Prints `passed failed`.
count_rust() {
    { sed 's/\x1b\[[0-9;]*m//g' "$1" 2>/dev/null || true; } | awk '
        /^test result: / { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) passed += $(i - 1); if ($i ~ /^failed/) failed += $(i - 1) } }
        /^ *Summary \[/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) passed += $(i - 1); if ($i ~ /^(failed|timed|exec)/) failed += $(i - 1) } }
        END { print passed + 0, failed + 0 }'
}

count_browser() {
    node -e '
        const stats = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).stats;
        console.log(stats.expected + stats.flaky, stats.unexpected);' "$1" 2>/dev/null || echo 0 0
}

# pytest's last line: `3 failed, 145 passed in 9.1s`.
count_outside() {
    { sed 's/\x1b\[[0-9;]*m//g' "$1" 2>/dev/null || true; } | awk '
        / in [0-9.]+s/ { passed = failed = 0; for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) passed = $(i - 1); if ($i ~ /^(failed|error)/) failed += $(i - 1) } }
        END { print passed + 0, failed + 0 }'
}

finish() {
    local status=$? rust browser outside passed failed
    rust=$(count_rust "$logs/rust-tests.log")
    browser=$(count_browser "$logs/browser-tests.json")
    outside=$(count_outside "$logs/outside-tests.log")
    passed=$((${rust% *} + ${browser% *} + ${outside% *}))
    failed=$((${rust#* } + ${browser#* } + ${outside#* }))
    if [ -n "$failed_stage" ]; then
        [ "$status" -ne 0 ] || status=1
        # A stage that failed without a failing test (a lint, a build) is a failure too.
        [ "$failed" -gt 0 ] || failed=1
        say "failed in stage: $failed_stage"
    fi
    printf 'time by stage:\n%s%6d s  in all\nRust tests: %s; outside: %s; browser: %s (passed and failed)\n' \
        "$times" "$SECONDS" "$rust" "$outside" "$browser"
    printf '%d passed, %d failed\n' "$passed" "$failed"
    exit "$status"
}
trap finish EXIT

rust_tests() {
    # The tests on real data read it from here.
    TRAINSET_COMPLETE_JOURNEY=$("$here/complete-journey.sh")
    # The BigQuery server for the comparison of both engines is a Python program.
    TRAINSET_PYTHON=$TRAINSET_CACHE/python/bin/python
    export TRAINSET_COMPLETE_JOURNEY TRAINSET_PYTHON
    # Benchmarks are only compiled here.
    cargo build --features ssr --benches
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --features ssr --no-fail-fast && cargo test --features ssr --doc
    else
        cargo test --features ssr --no-fail-fast
    fi
}

stage set-up scripts/setup.sh test
. "$here/env.sh"
. "$here/build.sh"

stage format scripts/lint.sh format
stage lint-browser-half scripts/lint.sh browser_half
# The server is linted while it is built: a separate lint would read all dependencies a second time.
export RUSTC_WORKSPACE_WRAPPER="$here/clippy-rustc.sh"
stage rust-tests rust_tests
stage build-server build_server
unset RUSTC_WORKSPACE_WRAPPER
stage outside-tests scripts/outside.sh
stage build-front build_front
stage browser-tests scripts/e2e.sh
