#!/usr/bin/env bash
# `make watch`: rebuilds and reloads at every change, with cargo-leptos.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
"$ROOT/scripts/setup-build.sh" --watch
use_toolchain
cd "$ROOT"
export TIDEGATE_LOG=${TIDEGATE_LOG:-pretty}
exec cargo leptos watch "$@"
