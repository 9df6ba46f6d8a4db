#!/usr/bin/env bash
# Chaos for longer than `make test` has time for: a release build is killed ten times under load while one call in ten of its
# far side fails and its database crashes, too. Prints a table and leaves it in bench/results/chaos.json; fails when an
# accepted event is lost, a job does not end well, or a post is made twice. See bench/README.md.
#   KILLS=10 RESTARTS=10 COUNT=5500 bench/chaos.sh
set -euo pipefail
. "$(dirname "$0")/../scripts/lib.sh"
use_toolchain
cd "$ROOT"
apt_need python3

TIDEGATE_BIN=${TIDEGATE_BIN:-$("$ROOT/scripts/build.sh")}
export TIDEGATE_BIN
report=$(mktemp)
trap 'rm -f "$report"' EXIT
# A PostgreSQL of this run's own: it will crash.
code=0
env -u TIDEGATE_TEST_POSTGRES_URL TIDEGATE_TEST_WORKERS=1 CHAOS_REPORT="$report" CHAOS_KILLS="${KILLS:-10}" \
  CHAOS_RESTARTS="${RESTARTS:-10}" CHAOS_COUNT="${COUNT:-5500}" "$ROOT/end2end/run.sh" tests/crash/chaos.spec.ts >&2 || code=$?

python3 - "$report" "$ROOT/bench/results/chaos.json" <<'END'
import json
import pathlib
import sys

runs = [json.loads(line) for line in open(sys.argv[1])]
pathlib.Path(sys.argv[2]).write_text(json.dumps(runs, indent=1) + "\n")
print("| database | server killed | database gone | calls that went wrong | accepted | lost | jobs not ended well | posted twice "
      "| sent again, recognised |\n|---|---|---|---|---|---|---|---|---|")
for run in runs:
    print(f"| {run['engine']} | {run['kills']} | {run['restarts']} | {run['faults']} | {run['accepted']} | {len(run['lost'])} "
          f"| {run['unfinished']} | {len(run['twice'])} | {run['repeated']} |")
END
python3 "$ROOT/bench/goals.py"
exit $code
