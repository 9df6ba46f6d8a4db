# Shared by the peer scripts: background processes that are known by pid file, free ports, one starter at a time.
# Owns no peer. Needs `say` and `fail` of scripts/lib.sh.

# A pid alone may have been given to somebody else since, so the start time of the process is kept beside it.
born() { # pid -> the kernel's start time of that process, nothing when it is gone
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086 # the fields after "(name) ", of which the start time is the twentieth
  set -- $stat
  [ "$1" != Z ] || return 1
  printf '%s\n' "${20}"
}

remember() { # pid file, pid
  local since
  since=$(born "$2") || return 1
  printf '%s %s\n' "$2" "$since" >"$1"
}

running() { # pid file: true while exactly that process lives
  local pid since
  { read -r pid since <"$1"; } 2>/dev/null || return 1
  [ -n "$since" ] && [ "$(born "$pid")" = "$since" ]
}

# launch PIDFILE LOG command...: in a process group of its own, so that `halt` also ends its workers.
launch() {
  local file=$1 log=$2
  shift 2
  setsid "$@" >>"$log" 2>&1 </dev/null 9>&- &
  local pid=$!
  # setsid needs a moment to become the command; the start time is the same before and after.
  remember "$file" "$pid" || fail "'$1' ended at once" "read $log"
}

# halt PIDFILE: asks the process and its group to end, insists after 15 s, touches nothing else.
halt() {
  local pid turn
  if running "$1"; then
    read -r pid _ <"$1"
    kill -TERM -- "-$pid" 2>/dev/null || kill -TERM "$pid" 2>/dev/null || true
    for turn in $(seq 150); do
      running "$1" || break
      [ "$turn" != 150 ] || kill -KILL -- "-$pid" 2>/dev/null || true
      sleep 0.1
    done
  fi
  rm -f "$1"
}

free_port() { # preferred port: answers it when nobody listens there, else any free loopback port
  node -e '
    const net = require("net");
    const bind = (port, next) => {
      const s = net.createServer().once("error", next);
      s.listen(port, "127.0.0.1", () => { console.log(String(s.address().port)); s.close(); });
    };
    bind(Number(process.argv[1]) || 0, () => bind(0, () => process.exit(1)));' "${1:-0}"
}

# await SECONDS PIDFILE command...: repeats the command until it succeeds; gives up early when the process died.
await() {
  local until=$((SECONDS + $1)) file=$2
  shift 2
  while ! "$@" >/dev/null 2>&1; do
    running "$file" && [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.1
  done
}

# Two starts of one peer at the same time: the second waits, then finds it running.
one_at_a_time() { # folder
  exec 9>"$1/lock"
  flock -w 600 9 || fail "another start of this peer holds $1/lock" "wait for it, or end it"
}
