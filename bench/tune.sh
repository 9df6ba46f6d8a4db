#!/usr/bin/env bash
# Which set-up of the Django gateway is quickest on this machine: tries every one of `servers/django.py` for some seconds.
# Prints a table and leaves every number in bench/results/django.json. What is quickest becomes `BEST` there, by hand.
#   ROUNDS=1 SECONDS_EACH=4 WARMUP=2 FOLLOWED=600 ONLY=part-of-a-name,… bench/tune.sh
set -euo pipefail
. "$(dirname "$0")/lib.sh"
use_toolchain
cd "$ROOT"
apt_need postgresql python3 python3-venv redis-server util-linux

LOAD=${LOAD:-}
if [ -z "$LOAD" ]; then
  step "building the load generator" cargo build -q --release -p load
  LOAD=$CARGO_TARGET_DIR/release/load
fi
DJANGO_PYTHON=${DJANGO_PYTHON:-$(django_python)}
export LOAD DJANGO_PYTHON

beside_postgres python3 "$ROOT/bench/tune.py"
