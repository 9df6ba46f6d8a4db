#!/usr/bin/env bash
# What the end-to-end tests need: a browser, Node, PostgreSQL, and the two packages the tests are written with.
# Idempotent: a second run only checks. The peers (WordPress, model) install themselves when a test first starts them.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

node_fits() { have node && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; }

apt_need curl sqlite3
have chromium || apt_need chromium
node_fits || apt_need nodejs
node_fits || fail "Node $(node --version) is too old" "install Node 20 or newer from https://nodejs.org"
have npm || apt_need npm
have psql && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || apt_need postgresql

cd "$ROOT/end2end"
# npm writes the lock it installed from into node_modules; the same lock means nothing is missing.
if ! cmp -s package-lock.json node_modules/.from-lock; then
  export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
  step "installing the test packages" npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.from-lock
fi
say "test tools ready: $(chromium --version 2>/dev/null | cut -d' ' -f1,2), Node $(node --version), $(psql --version)"
