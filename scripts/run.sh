#!/usr/bin/env bash
# `make run`: sets up what the build needs, builds, and starts Tidegate on an embedded database in ./data.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
"$ROOT/scripts/setup-build.sh"
program=$("$ROOT/scripts/build.sh")
cd "$ROOT"
export TIDEGATE_LOG=${TIDEGATE_LOG:-pretty} RUST_LOG=${RUST_LOG:-warn}
exec "$program" serve "$@"
