#!/usr/bin/env bash
# with-postgres.sh COMMAND…: runs COMMAND beside a private PostgreSQL that is gone afterwards.
# Owns one server on a free port of 127.0.0.1, with its data in a temporary folder and its admin URL in
# TIDEGATE_TEST_POSTGRES_URL. fsync stays on: what is measured or tested here is what a real server does.
# TIDEGATE_TEST_POSTGRES_RESTART is a command that lets the server crash (no checkpoint, no goodbye) and starts it again.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ $# -gt 0 ] || fail "no command given" "scripts/with-postgres.sh cargo test -p store"

find_postgres() { # prints the folder of the newest installed server, or nothing
  local folder
  for folder in "$(pg_config --bindir 2>/dev/null || true)" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -Vr); do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
      printf '%s\n' "$folder"
      return
    fi
  done
}

BIN=$(find_postgres)
if [ -z "$BIN" ]; then
  apt_need postgresql
  BIN=$(find_postgres)
  [ -n "$BIN" ] || fail "PostgreSQL is installed, but its initdb was not found" "put its folder on PATH as pg_config"
fi

# The server refuses to run as root; Debian's package brings a user for it.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/tidegate-postgres.XXXXXX")
stop() {
  as_postgres "$BIN/pg_ctl" -D "$FOLDER/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$FOLDER"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

[ "$(id -u)" != 0 ] || chown postgres "$FOLDER"
start() {
  # `--no-sync` concerns only the making of the empty cluster, which nobody would miss.
  as_postgres "$BIN/initdb" -D "$FOLDER/data" -U postgres -A trust -E UTF8 --locale=C --no-sync --no-instructions
  local try PORT
  # Between finding a free port and taking it another program may take it: then the next one is tried.
  for try in 1 2 3 4 5; do
    PORT=$((20000 + (RANDOM * 3 + try) % 12000))
    if (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then continue; fi
    if as_postgres "$BIN/pg_ctl" -D "$FOLDER/data" -w -t 30 -l "$FOLDER/log" start \
      -o "-p $PORT -k '$FOLDER' -c listen_addresses=127.0.0.1 -c max_connections=200"; then
      echo "$PORT" >"$FOLDER/port" # a step is a process of its own
      return 0
    fi
    cat "$FOLDER/log"
  done
  return 1
}
step "starting PostgreSQL" start
PORT=$(cat "$FOLDER/port")

restart=$(printf '%q ' "$BIN/pg_ctl" -D "$FOLDER/data" -m immediate -w -t 60 -l "$FOLDER/log" restart)
[ "$(id -u)" != 0 ] || restart="cd / && runuser -u postgres -- $restart"
printf '#!/bin/bash\n%s\n' "$restart" >"$FOLDER/restart"
chmod +x "$FOLDER/restart"

export TIDEGATE_TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$PORT/postgres" TIDEGATE_TEST_POSTGRES_RESTART="$FOLDER/restart"
use_toolchain
"$@"
