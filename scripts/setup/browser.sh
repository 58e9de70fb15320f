# What the browser tests need: Playwright from npm and a Chromium. Sourced by setup.sh.
# shellcheck shell=bash

ensure_node_packages() {
    local stamp=end2end/node_modules/.installed-from
    if [ -f "$stamp" ] && cmp -s "$stamp" end2end/package-lock.json; then return 0; fi
    say "installing the browser tests' node packages"
    (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-fund --no-audit </dev/null >&2) || die "npm could not install the packages of end2end"
    cp end2end/package-lock.json "$stamp"
}

# TRAINSET_CHROMIUM names the program to use; empty means Playwright's own.
ensure_chromium() {
    if [ -n "${TRAINSET_CHROMIUM:-}" ]; then
        have "$TRAINSET_CHROMIUM" || die "TRAINSET_CHROMIUM names no program: $TRAINSET_CHROMIUM"
        record TRAINSET_CHROMIUM "$TRAINSET_CHROMIUM"
        return 0
    fi
    if playwright_has_chromium; then return 0; fi
    if system_chromium; then return 0; fi
    say "downloading Playwright's Chromium"
    if (cd end2end && within 600 npx --no-install playwright install chromium </dev/null >&2) && playwright_has_chromium; then
        if have apt-get; then
            say "installing the libraries that it needs"
            (cd end2end && as_root env "PATH=$PATH" npx --no-install playwright install-deps chromium </dev/null >&2) || true
        fi
        return 0
    fi
    if have apt-get; then
        apt_install chromium || true
        if system_chromium; then return 0; fi
    fi
    die "no Chromium: install one and name it in TRAINSET_CHROMIUM"
}

playwright_has_chromium() {
    (cd end2end && node -e 'process.exit(require("fs").existsSync(require("@playwright/test").chromium.executablePath()) ? 0 : 1)' 2>/dev/null)
}

system_chromium() {
    local name
    for name in chromium chromium-browser google-chrome-stable google-chrome; do
        if have "$name"; then
            record TRAINSET_CHROMIUM "$(command -v "$name")"
            return 0
        fi
    done
    return 1
}
