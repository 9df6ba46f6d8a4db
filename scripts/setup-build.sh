#!/usr/bin/env bash
# What building Tidegate needs: a Rust compiler with the WebAssembly target and wasm-bindgen.
# Tries the usual way first (rustup), then Debian's compiler with a standard library built once for the target.
# Idempotent: a second run only checks. `--watch` also installs cargo-leptos, which only `make watch` needs.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

lock_version() { sed -n "/^name = \"$1\"\$/{n;s/^version = \"\(.*\)\"/\1/p;q}" "$ROOT/Cargo.lock"; }

rustup_target() {
  have rustup || return 1
  local chain=${RUSTUP_TOOLCHAIN:-stable}
  [ -e "$(rustc "+$chain" --print sysroot 2>/dev/null)/lib/rustlib/$WASM" ] && { echo "$chain" >"$TOOLS/toolchain"; return 0; }
  say "adding the $WASM target with rustup"
  timeout 120 rustup target add --toolchain "$chain" $WASM >/dev/null 2>&1 || return 1
  echo "$chain" >"$TOOLS/toolchain"
}

# Debian's rustc-web carries the library source, from which the target's standard library is built once.
debian_target() {
  have apt-get || fail "no WebAssembly target for Rust" "rustup target add $WASM"
  say "rustup has no $WASM target here: using Debian's compiler and building its standard library once (about 3 min)"
  apt_need rustc-web cargo-web rust-web-src libstd-rust-web-dev rust-web-clippy rustfmt-web lld
  local lib=/usr/lib/rustlib/$WASM/lib tag
  tag=$(/usr/bin/rustc --version)
  if [ "$(cat "$lib/.built-by" 2>/dev/null)" != "$tag" ]; then
    step "building the standard library for $WASM (about 90 s)" build_std "$lib" "$tag"
  fi
  local bin=/usr/lib/rustlib/x86_64-unknown-linux-gnu/bin
  if [ ! -e "$bin/rust-lld" ]; then
    as_root mkdir -p "$bin"
    as_root ln -s "$(command -v wasm-ld || command -v ld.lld)" "$bin/rust-lld"
  fi
  if have rustup; then
    rustup toolchain list | grep -q '^debian' || rustup toolchain link debian /usr
    echo debian >"$TOOLS/toolchain"
  else
    rm -f "$TOOLS/toolchain" # /usr/bin/cargo is the only one
  fi
}

build_std() { # target folder, compiler tag
  local work
  work=$(mktemp -d)
  mkdir -p "$work/src"
  printf '[package]\nname = "std-for-wasm"\nversion = "0.0.0"\nedition = "2021"\n' >"$work/Cargo.toml"
  : >"$work/src/lib.rs"
  (cd "$work" && unset RUSTUP_TOOLCHAIN CARGO_TARGET_DIR && RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc /usr/bin/cargo build --release \
    -Z build-std=std,panic_abort --target $WASM)
  as_root mkdir -p "$1"
  as_root cp "$work/target/$WASM"/release/deps/lib*.rlib "$1/"
  as_root rm -f "$1"/libstd_for_wasm*.rlib
  echo "$2" | as_root tee "$1/.built-by" >/dev/null
  rm -rf "$work"
}

# Build tools run for seconds, so they are compiled quickly rather than optimised.
tool() { # crate, version, command, extra flags
  local crate=$1 version=$2 command=$3
  shift 3
  "$command" --version 2>/dev/null | grep -qF "$version" && return 0
  step "building $crate $version (once)" env \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_TARGET_DIR="$TIDEGATE_CACHE/tools-target" \
    cargo install --quiet --root "$TOOLS" --version "$version" "$@" "$crate"
}

have cc || apt_need gcc libc6-dev
have curl || apt_need curl
have rustup || [ -x /usr/bin/rustc ] || have apt-get || fail "no Rust compiler" "install one from https://rustup.rs"
rustup_target || debian_target
use_toolchain
have brotli || { have apt-get && apt_need brotli; }
tool wasm-bindgen-cli "$(lock_version wasm-bindgen)" wasm-bindgen --no-default-features
if [ "${1:-}" = --watch ]; then
  cargo leptos --version >/dev/null 2>&1 || tool cargo-leptos 0.3.11 cargo-leptos --locked --ignore-rust-version
fi
say "build tools ready: $(rustc --version), $(wasm-bindgen --version)"
