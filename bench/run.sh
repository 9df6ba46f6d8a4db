#!/usr/bin/env bash
# `make bench`: builds for release, then measures in interleaved rounds beside a private PostgreSQL.
# Prints a table on standard output and leaves every number in bench/results/latest.json. See bench/README.md.
#   ROUNDS=5 SECONDS_EACH=6 WARMUP=2 LAYOUT=one-core|all-cores PRIORITY=0 COUNT=500000 CELLS=name,… DJANGO=off|web/worker bench/run.sh
set -euo pipefail
. "$(dirname "$0")/lib.sh"
use_toolchain
cd "$ROOT"
apt_need postgresql python3 python3-venv redis-server util-linux

TIDEGATE=${TIDEGATE:-$("$ROOT/scripts/build.sh")}
LOAD=${LOAD:-}
if [ -z "$LOAD" ]; then
  step "building the load generator" cargo build -q --release -p load
  LOAD=$CARGO_TARGET_DIR/release/load
fi
export TIDEGATE LOAD

# The gateway that is measured beside it; `DJANGO=off` leaves it out.
[ "${DJANGO:-on}" = off ] || DJANGO_PYTHON=${DJANGO_PYTHON:-$(django_python)}
export DJANGO_PYTHON=${DJANGO_PYTHON:-}

beside_postgres python3 "$ROOT/bench/rounds.py"
python3 "$ROOT/bench/goals.py"
