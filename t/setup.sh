#!/bin/sh
# Installs what building and testing need on Debian 12. Quick when everything is there; root only when it is not.
set -eu
cd "$(dirname "$0")/.."

packages="apache2 apache2-dev libssl-dev cmake ninja-build g++ clang clang-format libclang-rt-14-dev rapidjson-dev catch2
  python3-pytest python3-pytest-timeout python3-pytest-xdist python3-websockets python3-h2 python3-prometheus-client python3-yaml
  libapache2-mod-qos libapache2-mod-security2 openssl curl jq valgrind chromium prometheus procps iproute2 util-linux ca-certificates
  postgresql libaprutil1-dbd-pgsql libaprutil1-dbd-sqlite3 sqlite3 libhiredis-dev redis-server
  build-essential debhelper rpm"
# The client library ws, and axe-core, which looks at the status page for people: from npm where there is one (a node of
# another origin brings it along), else Debian's package of
# it, which is a few packages instead of the hundreds of Debian's npm.
if command -v node >/dev/null && command -v npm >/dev/null; then
  ws_from=npm
else
  ws_from=debian
  packages="$packages nodejs node-ws"
fi

missing=""
for package in $packages; do
  case "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)" in
    ii*) ;;
    *) missing="$missing $package" ;;
  esac
done

# mod_ssl warns at each start when OpenSSL is older than the one that it was built with, which is named in it. apt brings a
# package up to date only if it is named, so an apache2 that comes in new needs this too.
mod_ssl=/usr/lib/apache2/modules/mod_ssl.so
openssl_is_old() {
  built=$(grep -ao 'OpenSSL [0-9][0-9.]*' "$mod_ssl" 2>/dev/null | sort -V | tail -n 1)
  there=$(dpkg-query -W -f '${Version}' "libssl3:$(dpkg --print-architecture)" 2>/dev/null)
  [ -n "$there" ] && dpkg --compare-versions "${there%%-*}" lt "${built#OpenSSL }"
}
outdated=""
case "$missing " in
  *" apache2 "*) outdated="libssl3 openssl" ;;
  *) if openssl_is_old; then outdated="libssl3 openssl"; fi ;;
esac

# Modules of others switch themselves on when they come in. A server that this machine has is not to change.
enabled=/etc/apache2/mods-enabled
guests="qos security2 unique_id"
guests_before=""
for module in $guests; do
  if [ -e "$enabled/$module.load" ]; then guests_before="$guests_before $module"; fi
done
switch_guests_off() {
  for module in $guests; do
    case "$guests_before " in
      *" $module "*) ;;
      *) if [ -e "$enabled/$module.load" ]; then a2dismod -q -f "$module"; fi ;;
    esac
  done
}

# The tests have servers of their own: an apache2 that comes in now must not be started.
policy=/usr/sbin/policy-rc.d
# PostgreSQL comes in for its programs: this keeps it from making a cluster.
clusters=/etc/postgresql-common/createcluster.d
no_cluster="$clusters/wsflow-tests.conf"
install() {
  case " $* " in
    *" postgresql "*) mkdir -p "$clusters"; echo 'create_main_cluster = false' > "$no_cluster" ;;
  esac
  guard=""
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    guard=yes
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
  fi
  echo "Installing: $*"
  status=0
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" || status=$?
  switch_guests_off
  rm -f "$no_cluster"
  if [ -n "$guard" ]; then
    rm -f "$policy"
    trap - EXIT HUP INT TERM
  fi
  return "$status"
}

if [ -n "$missing" ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "These packages are missing; run this once as root, or install them:$missing" >&2
    exit 1
  fi
  # shellcheck disable=SC2086
  install $missing $outdated
elif [ -n "$outdated" ]; then
  # shellcheck disable=SC2086
  if [ "$(id -u)" -ne 0 ] || ! install $outdated; then
    echo "OpenSSL is older than the one that apache2 was built with. Its warning of that (AH01882) is no fault to the tests." >&2
  fi
fi

# Packages of node live under build/, not in the tree.
mkdir -p build/npm
if [ "$ws_from" = debian ]; then
  ln -sfn /usr/share/nodejs build/npm/node_modules
elif ! cmp -s t/package.json build/npm/package.json || [ ! -d build/npm/node_modules/ws ] ||
     [ ! -d build/npm/node_modules/axe-core ]; then
  rm -rf build/npm/node_modules
  cp t/package.json build/npm/package.json.new
  mv build/npm/package.json.new build/npm/package.json
  npm install --prefix build/npm --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error ||
    { rm -f build/npm/package.json; exit 1; }
fi
