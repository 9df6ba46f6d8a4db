#!/usr/bin/env bash
# Builds Tidegate: the WebAssembly half, the dashboard's files in their compressed forms, and the program.
# Usage: build.sh [--dev | --test]   (prints the path of the program on standard output)
#   without   everything for release
#   --dev     everything for development: quickest to build, slow to load
#   --test    the dashboard's files for release, so that tests see what people get, and the program for development
# `cargo leptos build` makes the same from the same settings; this needs less to be installed.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
use_toolchain
cd "$ROOT"

case "${1:-}" in
  --dev) wasm_profile=dev wasm_out=debug site_out=debug out=debug server=(build -p tidegate) ;;
  --test) wasm_profile=wasm-release wasm_out=wasm-release site_out=release out=debug server=(build -p tidegate) ;;
  *) wasm_profile=wasm-release wasm_out=wasm-release site_out=release out=release server=(build -p tidegate --release) ;;
esac
site=$CARGO_TARGET_DIR/$site_out/site

# Everything that goes into the dashboard's files; the same sum means they are up to date.
fingerprint() {
  { find app frontend style Cargo.toml Cargo.lock scripts/build.sh -type f -not -path '*/tests/*' -print0 | sort -z | xargs -0 sha256sum
    rustc --version; echo $wasm_profile; } | sha256sum | cut -d' ' -f1
}

# No wasm-opt: what it makes of this is larger once compressed, and the version that Debian has breaks it.
front() {
  cargo build -q -p frontend --lib --target $WASM --profile $wasm_profile
  wasm-bindgen --target web --no-typescript --out-dir "$site.new/pkg" --out-name tidegate \
    "$CARGO_TARGET_DIR/$WASM/$wasm_out/frontend.wasm"
  mv "$site.new/pkg/tidegate_bg.wasm" "$site.new/pkg/tidegate.wasm"
}

compress() {
  find "$site.new" -type f \( -name '*.wasm' -o -name '*.js' -o -name '*.css' -o -name '*.svg' \) | while read -r file; do
    gzip -9 -k -f "$file"
    if have brotli; then brotli -f -q 11 -o "$file.br" "$file"; fi
  done
}

sum=$(fingerprint)
if [ "$(cat "$site/.built-from" 2>/dev/null)" != "$sum" ]; then
  rm -rf "$site.new"
  mkdir -p "$site.new/pkg"
  step "building the dashboard for the browser ($wasm_profile)" front
  cp style/main.css "$site.new/pkg/tidegate.css"
  [ -d style/assets ] && cp -r style/assets/. "$site.new/"
  [ $wasm_profile = wasm-release ] && step "compressing its files" compress
  echo "$sum" >"$site.new/.built-from"
  rm -rf "$site"
  mv "$site.new" "$site"
fi
step "building the program ($out)" cargo "${server[@]}" -q
echo "$CARGO_TARGET_DIR/$out/tidegate"
