# Shared by the scripts in this folder: where things are kept, and how a step reports itself.
# Owns no step of its own.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Tools and build output live outside the checkout, so a second clean clone builds in minutes.
TIDEGATE_CACHE=${TIDEGATE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tidegate}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$TIDEGATE_CACHE/target}
TOOLS=$TIDEGATE_CACHE/tools
export PATH=$TOOLS/bin:$PATH
WASM=wasm32-unknown-unknown
mkdir -p "$TOOLS/bin"

say() { printf '%s\n' "$*" >&2; }

fail() { # message, command that would mend it
  say "error: $1"
  [ -n "${2:-}" ] && say "       mend it with: $2"
  exit 1
}

# step "what it does" command... : runs a command, tells how long it took, shows its log only when it fails.
step() {
  local title=$1 log start
  shift
  log=$(mktemp)
  start=$SECONDS
  printf '%s ... ' "$title" >&2
  # In the background, because inside a condition bash ignores `set -e` and a function would go on after an error.
  "$@" >"$log" 2>&1 &
  if wait $!; then
    printf '%ss\n' "$((SECONDS - start))" >&2
    rm -f "$log"
  else
    printf 'failed after %ss\n' "$((SECONDS - start))" >&2
    tail -40 "$log" >&2
    fail "'$title' failed" "$*   (whole log: $log)"
  fi
}

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo; then sudo "$@"; else
    fail "this needs root" "run as root: $*"
  fi
}

# apt_need package...: installs only what is missing, refreshing the package list at most once.
apt_need() {
  local missing=() p
  for p in "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} = 0 ] && return 0
  have apt-get || fail "these packages are missing: ${missing[*]}" "install them with your system's package manager"
  [ -n "${APT_FRESH:-}" ] || { step "refreshing the package list" as_root apt-get update -q; APT_FRESH=1; }
  step "installing ${missing[*]}" as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

# Commands that compile pick the toolchain that setup-build.sh chose.
use_toolchain() {
  [ -f "$TOOLS/toolchain" ] && export RUSTUP_TOOLCHAIN="${RUSTUP_TOOLCHAIN:-$(cat "$TOOLS/toolchain")}"
  return 0
}
