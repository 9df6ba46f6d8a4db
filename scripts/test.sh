#!/usr/bin/env bash
# `make test`: installs what the tests need and runs all of them; ends with `N passed, N failed, N skipped`.
# Each part prints its own counts; a part that breaks before it can count is one failure.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
passed=0 failed=0 skipped=0
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

# part "name" command...: runs a part with its output shown, and counts what it reports.
part() {
  local name=$1 file="$log/${1// /-}" before=$SECONDS code sums
  shift
  say ""
  say "== $name"
  "$@" 2>&1 | tee "$file"
  code=${PIPESTATUS[0]}
  # cargo test: "test result: ok. 3 passed; 0 failed; 1 ignored"; the others: "3 passed, 0 failed, 1 skipped".
  sums=$(sed -E 's/\x1b\[[0-9;]*m//g' "$file" | awk '
    /^test result:/ { for (i = 1; i <= NF; i++) { if ($i == "passed;") p += $(i-1); if ($i == "failed;") f += $(i-1); if ($i == "ignored;") s += $(i-1) } }
    /^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/ { split($0, n, /[^0-9]+/); p += n[1]; f += n[2]; s += n[3] }
    END { print p+0, f+0, s+0 }')
  read -r p f s <<<"$sums"
  if [ "$code" != 0 ] && [ "$f" = 0 ]; then f=1; fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  say "== $name: $p passed, $f failed, $s skipped, $((SECONDS - before)) s"
}

simple() { # a check without counts of its own is one test
  if "$@"; then echo "1 passed, 0 failed"; else echo "0 passed, 1 failed"; return 1; fi
}

rust() {
  use_toolchain
  scripts/with-postgres.sh cargo test --no-fail-fast --features app/ssr
}

lints() {
  use_toolchain
  cargo fmt --all --check &&
    cargo clippy -q --all-targets --features app/ssr -- -D warnings &&
    cargo clippy -q -p frontend --target $WASM -- -D warnings
}

docs() {
  use_toolchain
  RUSTDOCFLAGS="-D warnings" cargo doc -q --no-deps --document-private-items
}

# The plugin on another WordPress, where that can be had: it comes from another suite of Debian than the machine's own.
plugin_on() {
  if ! WP_SUITE=$1 end2end/peers/wordpress.sh fetch; then
    say "the WordPress of Debian $1 cannot be had here"
    echo "0 passed, 0 failed, 1 skipped"
    return
  fi
  WP_SUITE=$1 wordpress/test.sh
}

scripts/setup-build.sh || exit 1
scripts/setup-test.sh || exit 1
part "format and lints" simple lints
part "documentation" simple docs
part "rust, on both databases" rust
part "WordPress plugin, WordPress 6.1" wordpress/test.sh
part "WordPress plugin, WordPress 6.8" plugin_on trixie
part "end to end" end2end/run.sh
say ""
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
