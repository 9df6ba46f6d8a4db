#!/usr/bin/env bash
# `make bench`: builds for release, then measures in interleaved rounds beside a private PostgreSQL.
# Prints a table on standard output and leaves every number in bench/results/latest.json. See bench/README.md.
#   ROUNDS=5 SECONDS_EACH=6 WARMUP=2 LAYOUT=one-core|all-cores PRIORITY=0 COUNT=500000 CELLS=name,… bench/run.sh
set -euo pipefail
. "$(dirname "$0")/../scripts/lib.sh"
use_toolchain
cd "$ROOT"
apt_need postgresql python3 python3-venv redis-server util-linux

TIDEGATE=${TIDEGATE:-$("$ROOT/scripts/build.sh")}
step "building the load generator" cargo build -q --release -p load
export TIDEGATE LOAD=$CARGO_TARGET_DIR/release/load

# The gateway that is measured beside it, in a Python environment of its own; `DJANGO=off` leaves it out.
django=$TIDEGATE_CACHE/django
if [ "${DJANGO:-on}" = on ]; then
  if ! cmp -s "$ROOT/bench/django/requirements.txt" "$django/requirements.txt"; then
    step "installing Django, Celery and gunicorn" bash -c "rm -rf '$django' && python3 -m venv '$django' \
      && '$django/bin/pip' install -q -r '$ROOT/bench/django/requirements.txt' \
      && cp '$ROOT/bench/django/requirements.txt' '$django/'"
  fi
  export DJANGO_PYTHON=$django/bin/python
fi

# PostgreSQL keeps the core it is started on; the rest is placed by rounds.py.
pin=()
[ "${LAYOUT:-one-core}" = one-core ] && [ "$(nproc)" -gt 1 ] && pin=(taskset -c 1)
"${pin[@]}" "$ROOT/scripts/with-postgres.sh" python3 "$ROOT/bench/rounds.py"
