#!/usr/bin/env bash
# Where the processor's time goes: records the server, and PostgreSQL beside it, while it takes webhooks and while it delivers
# them. Prints tables, and leaves stacks (and flame graphs, where `inferno-flamegraph` is installed: cargo install inferno)
# in bench/results/profile/. Needs `perf`, and to be root or to have kernel.perf_event_paranoid at -1.
#   SECONDS_EACH=4 CELLS=sqlite+job/256,… HERTZ=997 bench/profile.sh
set -euo pipefail
. "$(dirname "$0")/lib.sh"
use_toolchain
cd "$ROOT"
have perf || fail "perf is not installed" "apt-get install linux-perf"
apt_need postgresql python3 util-linux

# The program as it is released, with the names of its functions left in.
if [ -z "${TIDEGATE:-}" ]; then
  "$ROOT/scripts/build.sh" >/dev/null
  step "building the program with its names" cargo rustc -q -p tidegate --bin tidegate --release -- -C strip=none
  mkdir -p "$TIDEGATE_CACHE/profile"
  cp "$CARGO_TARGET_DIR/release/tidegate" "$TIDEGATE_CACHE/profile/"
  TIDEGATE=$TIDEGATE_CACHE/profile/tidegate
fi
if [ -z "${LOAD:-}" ]; then
  step "building the load generator" cargo build -q --release -p load
  LOAD=$CARGO_TARGET_DIR/release/load
fi
export TIDEGATE LOAD

beside_postgres python3 "$ROOT/bench/where.py"
