#!/usr/bin/env bash
# `make bench`: builds for release, then measures in interleaved rounds beside a private PostgreSQL.
# Prints a table on standard output and leaves every number in bench/results/latest.json. See bench/README.md.
#   ROUNDS=5 SECONDS_EACH=6 WARMUP=2 LAYOUT=one-core|all-cores PRIORITY=0 COUNT=500000 CELLS=name,… bench/run.sh
set -euo pipefail
. "$(dirname "$0")/../scripts/lib.sh"
use_toolchain
cd "$ROOT"
apt_need postgresql python3 util-linux

TIDEGATE=${TIDEGATE:-$("$ROOT/scripts/build.sh")}
step "building the load generator" cargo build -q --release -p load
export TIDEGATE LOAD=$CARGO_TARGET_DIR/release/load

# PostgreSQL keeps the core it is started on; the rest is placed by rounds.py.
pin=()
[ "${LAYOUT:-one-core}" = one-core ] && [ "$(nproc)" -gt 1 ] && pin=(taskset -c 1)
"${pin[@]}" "$ROOT/scripts/with-postgres.sh" python3 "$ROOT/bench/rounds.py"
