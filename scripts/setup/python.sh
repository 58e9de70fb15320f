# A Python of the tests' own, in ~/.cache/trainset/python. Sourced by setup.sh.
# shellcheck shell=bash

TFX_VERSION=1.21.0
case "$(uname -s)-$(uname -m)" in
Darwin-arm64) DUCKDB_PLATFORM=osx_arm64 ;;
Darwin-*) DUCKDB_PLATFORM=osx_amd64 ;;
*-aarch64) DUCKDB_PLATFORM=linux_arm64 ;;
*) DUCKDB_PLATFORM=linux_amd64 ;;
esac
PYTHON=$TRAINSET_CACHE/python

ensure_python() {
    local wanted="$TRAINSET_ROOT/tests/outside/requirements.txt" stamp="$PYTHON/installed"
    if [ -x "$PYTHON/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(cat "$wanted") tfx $TFX_VERSION" ]; then return 0; fi
    say "installing what the tests in Python need"
    if ! python3 -c 'import ensurepip' >/dev/null 2>&1; then
        have apt-get || die "no Python with venv: install Python 3.10 or newer and run this again"
        apt_install python3 python3-venv
    fi
    [ -x "$PYTHON/bin/python" ] || python3 -m venv "$PYTHON"
    within 900 "$PYTHON/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted" >&2 ||
        die "the Python packages could not be installed; the lines above say why"
    # The emulator would download DuckDB's extension; the package includes it.
    local extension=duckdb_extension_spatial/extensions folder=$HOME/.duckdb/extensions
    (cd "$("$PYTHON/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/$extension" && for file in */spatial.duckdb_extension; do
        mkdir -p "$folder/${file%/*}/$DUCKDB_PLATFORM"
        cp "$file" "$folder/${file%/*}/$DUCKDB_PLATFORM/"
    done) || die "DuckDB's spatial extension could not be put in place"
    # Only its messages are used; its dependencies are many and require an older Python.
    within 300 "$PYTHON/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python "tfx==$TFX_VERSION" >&2 ||
        die "the Python package tfx could not be installed"
    printf '%s tfx %s\n' "$(cat "$wanted")" "$TFX_VERSION" >"$stamp"
}
