#!/usr/bin/env bash
# What backlog, history and a forgotten transaction cost: accepts and drains on databases that hold very many jobs, against
# an empty one. Prints a table and leaves every number in bench/results/growth.json. See bench/README.md.
#   ROUNDS=3 SECONDS_EACH=3 DRAIN=40000 BACKLOGS=1000,1000000 FINISHED=1000000 READER_SECONDS=30 ENGINES=sqlite,postgres \
#     CELLS=waiting,finished,reader bench/growth.sh
set -euo pipefail
. "$(dirname "$0")/lib.sh"
use_toolchain
cd "$ROOT"
apt_need postgresql python3 util-linux

TIDEGATE=${TIDEGATE:-$("$ROOT/scripts/build.sh")}
if [ -z "${LOAD:-}" ] || [ -z "${QUEUE:-}" ]; then
  step "building the load generator and the queue" cargo build -q --release -p load -p queue
  LOAD=$CARGO_TARGET_DIR/release/load QUEUE=$CARGO_TARGET_DIR/release/queue
fi
export TIDEGATE LOAD QUEUE

beside_postgres python3 "$ROOT/bench/growth.py"
python3 "$ROOT/bench/goals.py"
