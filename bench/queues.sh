#!/usr/bin/env bash
# Tidegate's queue beside graphile-worker, pg-boss, procrastinate, Celery, apalis and awa, with jobs that do nothing, beside a private
# PostgreSQL. Prints a table and leaves every number in bench/results/queues.json. See bench/README.md.
#   ROUNDS=3 SCALE=1 LATENCY=300 RATE=50 CELLS=part-of-a-name,… LAYOUT=one-core|all-cores bench/queues.sh
set -euo pipefail
. "$(dirname "$0")/../scripts/lib.sh"
use_toolchain
cd "$ROOT"
apt_need postgresql python3 python3-venv redis-server util-linux

from=$ROOT/bench/queues
# The others are kept outside the checkout and installed again only when their lists change.
QUEUES=$TIDEGATE_CACHE/bench
mkdir -p "$QUEUES"/{node,python}

# changed FOLDER LIST…: whether one of the lists differs from the copy kept when FOLDER was installed.
changed() {
  local folder=$1 list
  shift
  for list in "$@"; do cmp -s "$list" "$folder/installed/$(basename "$list")" || return 0; done
  return 1
}
installed() {
  local folder=$1
  shift
  mkdir -p "$folder/installed"
  cp "$@" "$folder/installed/"
}

if changed "$QUEUES/node" "$from"/node/package{,-lock}.json; then
  have npm || apt_need npm
  cp "$from"/node/package{,-lock}.json "$QUEUES/node/"
  # Only what is needed runs a script: the package `node`, which fetches the Node.js these queues need.
  step "installing queues for Node.js" npm ci --prefix "$QUEUES/node" --no-audit --no-fund
  installed "$QUEUES/node" "$from"/node/package{,-lock}.json
fi
# A module is looked for beside the file that imports it.
cp "$from"/node/*.mjs "$QUEUES/node/"

if changed "$QUEUES/python" "$from/python/requirements.txt"; then
  step "installing queues for Python" bash -c "rm -rf '$QUEUES/python' && python3 -m venv '$QUEUES/python' \
    && '$QUEUES/python/bin/pip' install -q -r '$from/python/requirements.txt'"
  installed "$QUEUES/python" "$from/python/requirements.txt"
fi

step "building queues for Rust" cargo build -q --release --locked --manifest-path "$from/rust/Cargo.toml" --target-dir "$QUEUES/rust"
step "building Tidegate's queue" cargo build -q --release -p queue
export QUEUES QUEUE=$CARGO_TARGET_DIR/release/queue

# PostgreSQL keeps the core it is started on; workers are placed on the other.
pin=()
[ "${LAYOUT:-one-core}" = one-core ] && [ "$(nproc)" -gt 1 ] && pin=(taskset -c 1)
"${pin[@]}" "$ROOT/scripts/with-postgres.sh" python3 "$ROOT/bench/queues.py"
