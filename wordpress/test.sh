#!/usr/bin/env bash
# Everything that checks the plugin: PHP's own syntax check, the code style, and PHPUnit against a real WordPress.
#
#   test.sh [PHPUnit options…]     for example: test.sh --filter concurrency
#
#   WP_SUITE   which WordPress (see end2end/peers/wordpress.sh); it gets a site of its own, kept between runs
#
# Ends with `N passed, N failed, N skipped`.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../scripts/lib.sh
. "$HERE/../scripts/lib.sh"
PEER=$HERE/../end2end/peers/wordpress.sh
export WP_SUITE=${WP_SUITE:-bookworm}
export WP_DIR=$TIDEGATE_CACHE/peers/wordpress-$WP_SUITE-plugin

apt_need php-cli phpunit php-codesniffer

# shellcheck disable=SC2317 # called by step
syntax() { find "$HERE" "$HERE/../end2end/peers" -name '*.php' -print0 | xargs -0 -n1 -P2 php -l; }
step "checking PHP syntax" syntax
step "checking code style" phpcs --standard="$HERE/phpcs.xml" --basepath="$HERE/.."

# A site that somebody left running stays so.
"$PEER" status >/dev/null || trap '"$PEER" stop' EXIT
"$PEER" start >/dev/null

set -a
# shellcheck disable=SC1090 # written by the peer
. <("$PEER" env)
set +a

report=$(mktemp)
code=0
"$PEER" php "$(command -v phpunit)" -c "$HERE/phpunit.xml" --log-junit "$report" "$@" || code=$?

# The first <testsuite> of the report holds the sums.
sums=$(grep -m1 '<testsuite ' "$report" || true)
rm -f "$report"
number() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$sums"; }
failed=$(($(number errors) + $(number failures)))
echo "$(($(number tests) - failed - $(number skipped))) passed, $failed failed, $(number skipped) skipped"
exit "$code"
