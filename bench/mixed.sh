#!/usr/bin/env bash
# Mixed traffic against a release build at a fixed rate: nothing may be lost, nothing accepted that should not be, and the
# server's memory must stay flat. Prints a table and leaves every number in bench/results/mixed.json; fails when
# anything is not as it should be. See bench/README.md.
#   RATE=1000 WARM_UP=30 SECONDS_EACH=60 CONNECTIONS=128 DATABASE=sqlite|postgres bench/mixed.sh
set -euo pipefail
. "$(dirname "$0")/../scripts/lib.sh"
use_toolchain
cd "$ROOT"
apt_need python3 util-linux

TIDEGATE=${TIDEGATE:-$("$ROOT/scripts/build.sh")}
LOAD=${LOAD:-}
if [ -z "$LOAD" ]; then
  step "building the load generator" cargo build -q --release -p load
  LOAD=$CARGO_TARGET_DIR/release/load
fi
export TIDEGATE LOAD

if [ "${DATABASE:-sqlite}" = postgres ]; then
  apt_need postgresql
  exec "$ROOT/scripts/with-postgres.sh" python3 "$ROOT/bench/mixed.py"
fi
TIDEGATE_TEST_POSTGRES_URL='' exec python3 "$ROOT/bench/mixed.py"
