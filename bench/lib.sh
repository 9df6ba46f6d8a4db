# Shared by the scripts of this folder that measure beside Django: its packages, in a Python environment of their own.
# Owns no measurement.
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

# Installs Django and what belongs to it when its list has changed, and says which Python has them.
django_python() {
  local folder=$TIDEGATE_CACHE/django list=$ROOT/bench/django/requirements.txt
  if ! cmp -s "$list" "$folder/requirements.txt"; then
    step "installing Django, Celery and their servers" bash -c "rm -rf '$folder' && python3 -m venv '$folder' \
      && '$folder/bin/pip' install -q -r '$list' && cp '$list' '$folder/'"
  fi
  printf '%s\n' "$folder/bin/python"
}

# Runs a command beside a private PostgreSQL, which keeps the core it is started on; the command places the rest.
beside_postgres() {
  local pin=()
  [ "${LAYOUT:-one-core}" = one-core ] && [ "$(nproc)" -gt 1 ] && pin=(taskset -c 1)
  "${pin[@]}" "$ROOT/scripts/with-postgres.sh" "$@"
}
