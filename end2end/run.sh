#!/usr/bin/env bash
# Runs the end-to-end tests: pages, webhooks, crashes, retries, and the whole way to a real WordPress.
#
#   run.sh [Playwright options…]    for example: run.sh --project ingress    run.sh tests/pages/jobs.spec.ts
#
#   TIDEGATE_BIN            the program to test, its site beside it; else a debug build of this checkout with the
#                           dashboard's files as they are released
#   TIDEGATE_TEST_POSTGRES_URL   a PostgreSQL to use; else a private one for this run
#   TIDEGATE_TEST_WORKERS   tests at the same time (2)
#
# What it starts it also ends, also when interrupted. Ends with `N passed, N failed, N skipped`.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../scripts/lib.sh
. "$HERE/../scripts/lib.sh"
"$ROOT/scripts/setup-test.sh"
if [ -z "${TIDEGATE_BIN:-}" ]; then
  TIDEGATE_BIN=$("$ROOT/scripts/build.sh" --test)
  export TIDEGATE_SITE_ROOT=$CARGO_TARGET_DIR/release/site
fi
export TIDEGATE_BIN
TIDEGATE_RUN_DIR=$(mktemp -d "${TMPDIR:-/tmp}/tidegate-end2end.XXXXXX")
export TIDEGATE_RUN_DIR
# A debug build's files are large and not compressed; without this the server would compress them for every page.
site=${TIDEGATE_SITE_ROOT:-$(dirname "$TIDEGATE_BIN")/site}
if [ ! -e "$site/pkg/tidegate.wasm.br" ]; then
  cp -r "$site" "$TIDEGATE_RUN_DIR/site"
  gzip -k -6 "$TIDEGATE_RUN_DIR"/site/pkg/*
  export TIDEGATE_SITE_ROOT=$TIDEGATE_RUN_DIR/site
fi
# What only everything together can show is asked only then.
[ $# = 0 ] && export TIDEGATE_WHOLE_RUN=1
# Playwright would colour what its workers and their children print.
export FORCE_COLOR=0
# Peers of these tests alone, so that they can be ended without asking who else uses them.
# Several runs at the same time have each their own.
mkdir -p "$TIDEGATE_CACHE/peers"
for slot in 1 2 3 4; do
  exec 7>"$TIDEGATE_CACHE/peers/end2end-$slot.lock"
  if flock -n 7; then break; fi
done
export WP_DIR=$TIDEGATE_CACHE/peers/wordpress-end2end-$slot MODEL_DIR=$TIDEGATE_CACHE/peers/model-end2end-$slot

# shellcheck disable=SC2317 # called by the trap
finish() {
  local code=$?
  trap '' INT TERM
  "$HERE/peers/wordpress.sh" stop >&2 || true
  "$HERE/peers/model.sh" stop >&2 || true
  rm -rf "$TIDEGATE_RUN_DIR/site"
  # What went wrong is read from what the servers said; kept until the next failure.
  rm -rf "$HERE/.run"
  if [ $code = 0 ]; then rm -rf "$TIDEGATE_RUN_DIR"; else
    mv "$TIDEGATE_RUN_DIR" "$HERE/.run" && say "logs, pages and databases of this run: $HERE/.run"
  fi
  exit $code
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cd "$HERE"
# A PostgreSQL that is there already is used, too; each test makes a database of its own in it.
if [ -n "${TIDEGATE_TEST_POSTGRES_URL:-}" ]; then beside=(); else beside=("$ROOT/scripts/with-postgres.sh"); fi
"${beside[@]}" node_modules/.bin/playwright test "$@"
