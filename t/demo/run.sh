#!/bin/bash
# The demo: installs what is missing, builds the module, runs a private httpd with a chat until Ctrl-C.
# Nothing of the system's own Apache is started, stopped or changed.
#   WSFLOW_DEMO_PORT, WSFLOW_DEMO_TLS_PORT   the two ports (8080, 8443)
#   WSFLOW_MODULE                            a mod_wsflow.so that is built already
#   --picture FILE                           plays for a minute, writes a picture of the status page, and ends
set -euo pipefail

source_dir=$(cd "$(dirname "$0")/../.." && pwd)
demo_dir=$source_dir/t/demo
root=$source_dir/build/demo
http_port=${WSFLOW_DEMO_PORT:-8080}
https_port=${WSFLOW_DEMO_TLS_PORT:-8443}
httpd_pid=
origin_pid=

picture=
if [ "${1:-}" = --picture ]; then picture=$(realpath "${2:?--picture needs a file}"); fi

die() { printf 'demo: %s\n' "$*" >&2; exit 1; }
say() { printf '\n== %s\n' "$*"; }

# apache2-bin is httpd without the service: installing it opens no port 80.
install_packages() {
  local package missing=()
  for package in apache2-bin apache2-dev libssl-dev rapidjson-dev g++ cmake ninja-build openssl media-types \
                 python3-websockets; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing ${missing[*]}"
  [ "$(id -u)" = 0 ] || die "these packages are missing, run once as root: ${missing[*]}"
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# A build directory of its own: the tests, and all that they need, stay out of the demo.
build_module() {
  say "Building mod_wsflow"
  cd "$source_dir"
  cmake --preset release -B build/demo/module -DWSFLOW_TESTS=OFF >build/demo/cmake.log ||
    { cat build/demo/cmake.log; die "cmake failed"; }
  cmake --build build/demo/module
  module=$source_dir/build/demo/module/mod_wsflow.so
}

port_is_free() {
  /usr/bin/python3 - "$1" <<'PY'
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    s.bind(("127.0.0.1", int(sys.argv[1])))
    s.listen()
except (OSError, ValueError, OverflowError) as reason:
    sys.exit(str(reason))
PY
}

require_port() {
  local reason
  reason=$(port_is_free "$1" 2>&1) || die "cannot use port $1 ($reason); choose another: $2=NUMBER t/demo/run.sh"
}

# httpd's children are not root: if they cannot enter this tree, the demo runs from a directory in /tmp.
choose_root() {
  rm -rf "$root/run"
  mkdir -p "$root/run"
  cp -r "$demo_dir/www" "$root/run/www"
  chmod -R a+rX "$root/run/www"
  if [ "$(id -u)" = 0 ] && ! setpriv --reuid=www-data --regid=www-data --clear-groups \
                             test -r "$root/run/www/index.html"; then
    temporary=$(mktemp -d /tmp/wsflow-demo.XXXXXX)
    chmod a+rx "$temporary"
    mv "$root/run" "$temporary/run"
    root=$temporary
  fi
  root=$root/run
}

make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
    -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$root/tls-key.pem" -out "$root/tls-cert.pem" \
    2>"$root/openssl.log" || { cat "$root/openssl.log" >&2; die "openssl could not make a certificate"; }
}

# wait_for WHAT PID COMMAND...: until the command succeeds, the process ends, or 20 s are over.
wait_for() {
  local what=$1 pid=$2 deadline=$((SECONDS + 20))
  shift 2
  until "$@"; do
    kill -0 "$pid" 2>/dev/null || die "$what ended at once; see $root"
    [ $SECONDS -lt $deadline ] || die "$what did not start in 20 s; see $root"
    sleep 0.1
  done
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start_origin() {
  # setsid: Ctrl-C in this terminal is for this script, which then stops both in order.
  setsid /usr/bin/python3 "$demo_dir/origin.py" "$root/origin.port" "$http_port" >"$root/origin.log" 2>&1 &
  origin_pid=$!
  wait_for "the origin" "$origin_pid" test -s "$root/origin.port"
}

start_httpd() {
  sed -e "s|@ROOT@|$root|g" -e "s|@WWW@|$root/www|g" -e "s|@MODULES@|/usr/lib/apache2/modules|g" \
    -e "s|@WSFLOW@|$module|g" -e "s|@HTTP_PORT@|$http_port|g" -e "s|@HTTPS_PORT@|$https_port|g" \
    -e "s|@ORIGIN_PORT@|$(cat "$root/origin.port")|g" "$demo_dir/httpd.conf.in" >"$root/httpd.conf"
  /usr/sbin/apache2 -t -f "$root/httpd.conf" 2>"$root/configtest.log" ||
    { cat "$root/configtest.log" >&2; die "httpd does not accept $root/httpd.conf"; }
  setsid /usr/sbin/apache2 -DFOREGROUND -f "$root/httpd.conf" 2>"$root/httpd.log" &
  httpd_pid=$!
  wait_for httpd "$httpd_pid" answers "$http_port"
  wait_for httpd "$httpd_pid" answers "$https_port"
}

stop_all() {
  local code=$?
  trap '' INT TERM HUP
  [ -z "$httpd_pid" ] || { kill -TERM "$httpd_pid" 2>/dev/null && wait "$httpd_pid" 2>/dev/null; } || true
  [ -z "$origin_pid" ] || { kill -TERM "$origin_pid" 2>/dev/null && wait "$origin_pid" 2>/dev/null; } || true
  [ -z "$httpd_pid" ] || printf '\nThe demo has stopped; its logs are in %s\n' "$root"
  exit "$code"
}

trap stop_all EXIT
trap 'exit 0' INT TERM HUP

install_packages
require_port "$http_port" WSFLOW_DEMO_PORT
require_port "$https_port" WSFLOW_DEMO_TLS_PORT
[ "$http_port" != "$https_port" ] || die "the two ports must differ"
mkdir -p "$root"
module=${WSFLOW_MODULE:-}
[ -n "$module" ] || build_module
choose_root
make_certificate
start_origin
start_httpd

if [ -n "$picture" ]; then
  PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$demo_dir/picture.py" "http://127.0.0.1:$http_port" "$picture"
  exit 0
fi

cat <<TEXT

The demo is running.

  the page            http://127.0.0.1:$http_port/
  the same over TLS   https://127.0.0.1:$https_port/   (self-signed: the browser will ask)
  flow control        two buttons below on the page
  tunnels             http://127.0.0.1:$http_port/wsflow-status   (?json, ?auto)
  worker threads      http://127.0.0.1:$http_port/server-status
  configuration       $root/httpd.conf
  error log           $root/error.log

Ctrl-C stops it.
TEXT

# Whichever ends first ends the demo; a signal ends it through the trap.
wait -n "$httpd_pid" "$origin_pid" || true
die "httpd or the origin ended by itself; see $root"
