#!/usr/bin/env bash
# `make shots`: screenshots of every page into ./shots, light, dark and on a phone, with sample traffic behind them.
#   TIDEGATE_BIN   the program, its site beside it; else a debug build of this checkout
set -euo pipefail
. "$(dirname "$0")/lib.sh"
"$ROOT/scripts/setup-test.sh"
[ -n "${TIDEGATE_BIN:-}" ] || TIDEGATE_BIN=$("$ROOT/scripts/build.sh" --dev)
export TIDEGATE_BIN
TIDEGATE_RUN_DIR=$(mktemp -d "${TMPDIR:-/tmp}/tidegate-shots.XXXXXX")
export TIDEGATE_RUN_DIR
trap 'rm -rf "$TIDEGATE_RUN_DIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
rm -rf "$ROOT/shots"
mkdir -p "$ROOT/shots"
cd "$ROOT/end2end"
node_modules/.bin/playwright test --config shots.config.ts
printf '%s\n' "$ROOT"/shots/*.png
