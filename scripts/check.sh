#!/usr/bin/env bash
# `make check`: format, lints and the tests that need nothing but Rust and are quick. PostgreSQL, browser, WordPress, and
# the slow ones (posts that go together, a backlog of a hundred thousand jobs): `make test`.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
"$ROOT/scripts/setup-build.sh"
use_toolchain
cd "$ROOT"
step "format" cargo fmt --all --check
step "lints of the server's half" cargo clippy -q --all-targets --features app/ssr -- -D warnings
step "lints of the browser's half" cargo clippy -q -p frontend --target $WASM -- -D warnings
TIDEGATE_SKIP_POSTGRES=1 cargo test -q --features app/ssr -- --skip batch:: --skip a_hundred_thousand
