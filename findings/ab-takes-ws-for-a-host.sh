#!/bin/sh
# ab (ApacheBench 2.3 of Debian 12's apache2-utils) knows http:// and, in most builds, https://; of ws://HOST it does not say that it
# knows no such scheme, but takes "ws:" for the name of a host, looks that up, and ends with status 50 for both schemes. So a load
# test of a WebSocket needs a tool that speaks it.
# Seen with apache2-utils 2.4.71 in November 2026:
#> ws: apr_sockaddr_info_get() for ws:: Name or service not known (670002), status 50
#> wss: apr_sockaddr_info_get() for wss:: Name or service not known (670002), status 50
set -eu
script=$(realpath "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
cd "$folder"
apt-get -qq download apache2-utils
dpkg-deb -x apache2-utils_*.deb .
for scheme in ws wss; do
  status=0
  ./usr/bin/ab -n 1 -c 1 "$scheme://127.0.0.1:80/x" >/dev/null 2>said || status=$?
  echo "$scheme: $(tail -n 1 said), status $status"
done >seen
sed -n 's/^#> //p' "$script" >expected
if ! diff -u expected seen; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"
