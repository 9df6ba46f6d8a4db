#!/usr/bin/env bash
# A real WordPress on a loopback port, with the Tidegate plugin of this checkout linked and active.
#
#   wordpress.sh start    install what is missing, start, print the env file (quick when it already runs)
#   wordpress.sh fetch    only get the code, once for all sites
#   wordpress.sh stop     end the processes that `start` began, and only those
#   wordpress.sh status   what runs; exit 0 when all of it does, else 3
#   wordpress.sh env      print the env file: WP_URL, WP_USER, WP_APP_PASSWORD …
#   wordpress.sh reset    stop and forget the site (the downloaded code stays)
#   wordpress.sh php …    PHP with this site's settings; TIDEGATE_WP_LOAD names its wp-load.php
#
#   WP_SUITE    bookworm (WordPress 6.1, default) | trixie (6.8) | sid (the newest): Debian's packages, unpacked, never installed
#   WP_PORT     0 or unset: the port of the last start when still free, else any free one
#   WP_DIR      where the site, its database and its logs live; several may run at once
#   WP_WORKERS  PHP processes that answer (4)
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../../scripts/lib.sh
. "$HERE/../../scripts/lib.sh"
# shellcheck source=process.sh
. "$HERE/process.sh"

WP_SUITE=${WP_SUITE:-bookworm}
WP_WORKERS=${WP_WORKERS:-4}
case $WP_SUITE in bookworm | trixie | sid) ;; *) fail "unknown WP_SUITE '$WP_SUITE'" "WP_SUITE=bookworm, trixie or sid" ;; esac
CODE=$TIDEGATE_CACHE/peers/code/wordpress-$WP_SUITE
DIR=${WP_DIR:-$TIDEGATE_CACHE/peers/wordpress-$WP_SUITE}
mkdir -p "$DIR"
DIR=$(cd "$DIR" && pwd)
SITE=$DIR/tree/usr/share/wordpress
LOGS=$DIR/logs
ENV_FILE=$DIR/env
DB_PID=$DIR/db.pid
WEB_PID=$DIR/web.pid
SOCKET=$DIR/db.sock
# A unix socket's path has at most 107 bytes; a deep folder gets a short name in the temporary folder instead.
[ ${#SOCKET} -lt 100 ] || SOCKET=${TMPDIR:-/tmp}/tidegate-$(id -u)-$(printf '%s' "$DIR" | cksum | cut -d' ' -f1).sock
PHP=(php -d opcache.enable_cli=1 -d memory_limit=256M -d display_errors=0 -d log_errors=1
  -d "error_log=$LOGS/php.log" -d sendmail_path=/bin/true)

# ---- the packages and WordPress' code

need_packages() {
  apt_need php-cli php-mysql php-curl php-gd php-intl php-mbstring php-xml php-zip \
    mariadb-server-core mariadb-client-core curl ca-certificates
  have node || apt_need nodejs
}

parts() { # the packages that together make one runnable WordPress of this suite
  printf '%s\n' wordpress php-getid3 libjs-underscore libjs-cropper
  case $WP_SUITE in
    bookworm) printf '%s\n' wordpress-theme-twentytwentythree ;;
    trixie) printf '%s\n' wordpress-theme-twentytwentyfive libjs-lodash ;;
    sid) printf '%s\n' wordpress-theme-twentytwentyfive libjs-lodash libphp-phpmailer libjs-jquery-ui ;;
  esac
}

host_suite() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# Downloads the packages into the current folder. The machine's own suite needs no other package list;
# for another one apt gets a list, a cache and a state of its own, so nothing of the machine's changes.
download() {
  local options=(-q -o APT::Sandbox::User=root) names
  mapfile -t names < <(parts)
  if [ "$(host_suite)" = "$WP_SUITE" ]; then
    apt-get "${options[@]}" download "${names[@]}" && return
    as_root apt-get update -q
    apt-get "${options[@]}" download "${names[@]}"
    return
  fi
  local mirror apt=$PWD/apt
  # shellcheck disable=SC2016 # apt expands it
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | awk '/\/debian\/?$/ && !n++')
  mirror=${mirror%/}
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  {
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $WP_SUITE main"
    [ "$WP_SUITE" = sid ] ||
      echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror-security $WP_SUITE-security main"
  } >"$apt/list"
  options+=(-o "Dir::Etc::SourceList=$apt/list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$apt/lists"
    -o "Dir::Cache=$apt/cache" -o Dir::State::status=/dev/null -o Acquire::Languages=none)
  apt-get "${options[@]}" update
  apt-get "${options[@]}" download "${names[@]}"
}

fetch_code() {
  local work=$CODE.part deb
  rm -rf "$work"
  mkdir -p "$work/debs"
  (cd "$work/debs" && download)
  for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/tree"; done
  # The packaged configuration looks below /etc; this site brings its own.
  rm -f "$work/tree/usr/share/wordpress/"{wp-config.php,.htaccess}
  rm -rf "$CODE"
  mv "$work/tree" "$CODE"
  rm -rf "$work"
}

need_code() {
  mkdir -p "$(dirname "$CODE")"
  (
    flock -w 600 8
    [ -s "$CODE/usr/share/wordpress/wp-load.php" ] || step "fetching WordPress of Debian $WP_SUITE (once)" fetch_code
  ) 8>"$CODE.lock" 9>&-
}

# ---- this site

link_plugin() { ln -sfn "$ROOT/wordpress/tidegate" "$SITE/wp-content/plugins/tidegate"; }

lay_out() { # the code as hard links (a copy on another disk), the plugin as a link into the checkout
  mkdir -p "$LOGS"
  chmod 700 "$DIR"
  if [ ! -s "$SITE/wp-load.php" ]; then
    rm -rf "$DIR/tree"
    cp -al "$CODE" "$DIR/tree" 2>/dev/null || { rm -rf "$DIR/tree" && cp -a "$CODE" "$DIR/tree"; }
  fi
  mkdir -p "$SITE/wp-content/plugins" "$SITE/wp-content/uploads"
  link_plugin
  [ -s "$DIR/secret" ] || head -c 48 /dev/urandom | base64 -w0 >"$DIR/secret"
}

configure() { # url
  sed -e "s|@URL@|$1|g" -e "s|@DIR@|$DIR|g" -e "s|@SOCKET@|$SOCKET|g" "$HERE/wordpress/wp-config.php" >"$SITE/wp-config.php"
}

make_database() {
  mariadb-install-db --no-defaults --datadir="$DIR/db" --user="$(id -un)" --skip-test-db --auth-root-authentication-method=normal
}

sql() { mariadb --no-defaults -uroot -S "$SOCKET" -e "$1"; }

start_database() {
  running "$DB_PID" && return
  [ -d "$DIR/db/mysql" ] || { rm -rf "$DIR/db" && step "making a private database" make_database; }
  # Reachable through its socket only, in a folder that nobody else may enter; tests need no safety from power cuts.
  launch "$DB_PID" "$LOGS/db.log" mariadbd --no-defaults --user="$(id -un)" --datadir="$DIR/db" --socket="$SOCKET" \
    --pid-file="$DIR/db/mariadbd.pid" --skip-networking --skip-log-bin --performance-schema=OFF \
    --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=2
  await 30 "$DB_PID" sql 'SELECT 1' || {
    tail -n 5 "$LOGS/db.log" >&2
    fail "the database does not answer" "$0 reset && $0 start   (log: $LOGS/db.log)"
  }
  sql 'CREATE DATABASE IF NOT EXISTS wordpress CHARACTER SET utf8mb4'
}

set_up_site() { "${PHP[@]}" "$HERE/wordpress/install.php" "$SITE/wp-load.php" "$ENV_FILE"; }

answers() { curl -fsS -m 10 -o /dev/null "$1/wp-json/tidegate/v1"; }

start_web() { # port
  PHP_CLI_SERVER_WORKERS=$WP_WORKERS launch "$WEB_PID" "$LOGS/web.log" \
    "${PHP[@]}" -S "127.0.0.1:$1" -t "$SITE" "$HERE/wordpress/router.php"
  await 30 "$WEB_PID" answers "http://127.0.0.1:$1" || {
    tail -n 5 "$LOGS/web.log" "$LOGS/php.log" >&2 2>/dev/null || true
    halt "$WEB_PID"
    return 1
  }
}

known() { [ ! -s "$ENV_FILE" ] || sed -n "s/^$1=//p" "$ENV_FILE"; }

start() {
  local port before=$SECONDS
  one_at_a_time "$DIR"
  if running "$DB_PID" && running "$WEB_PID" && answers "$(known WP_URL)"; then
    link_plugin # another checkout may have started it
    cat "$ENV_FILE"
    return
  fi
  halt "$WEB_PID"
  need_packages
  port=${WP_PORT:-0}
  [ "$port" != 0 ] || port=$(known WP_PORT)
  port=$(free_port "$port")
  [ "${WP_PORT:-0}" = 0 ] || [ "$port" = "$WP_PORT" ] || fail "port $WP_PORT is taken" "WP_PORT=0 $0 start   (any free port)"
  need_code
  lay_out
  start_database
  configure "http://127.0.0.1:$port"
  step "setting up the site, its users and the plugin" set_up_site
  start_web "$port" || {
    halt "$DB_PID"
    fail "WordPress does not answer on port $port" "$0 reset && $0 start   (logs: $LOGS)"
  }
  say "WordPress $(known WP_VERSION) runs on http://127.0.0.1:$port after $((SECONDS - before))s; end it with: $0 stop"
  cat "$ENV_FILE"
}

stop() {
  one_at_a_time "$DIR"
  halt "$WEB_PID"
  halt "$DB_PID"
}

status() {
  local name code=0
  for name in db web; do
    if running "$DIR/$name.pid"; then echo "$name: runs as process $(cut -d' ' -f1 "$DIR/$name.pid")"; else
      echo "$name: stopped"
      code=3
    fi
  done
  [ $code != 0 ] || echo "url: $(known WP_URL)"
  return $code
}

case ${1:-} in
  start) start ;;
  fetch)
    need_packages
    need_code
    ;;
  stop) stop ;;
  status) status ;;
  env) [ -s "$ENV_FILE" ] || fail "this WordPress was never started" "$0 start" && cat "$ENV_FILE" ;;
  reset)
    stop
    rm -rf "$DIR/db" "$DIR/tree" "$LOGS" "$DIR/secret" "$ENV_FILE"
    ;;
  php)
    shift
    export TIDEGATE_WP_LOAD=$SITE/wp-load.php
    exec "${PHP[@]}" "$@"
    ;;
  *)
    sed -n '2,15s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
