#!/bin/sh
# mosquitto 2.0.11 (Debian 12) with "protocol websockets". A listener of that kind alone: it is opened, and then mosquitto ends, as it
# counts the other kind only. Beside an ordinary listener it works, but the address of its line is left out: "listener PORT
# 127.0.0.1" listens on every interface, where the ordinary one keeps to the address; so does "bind_interface lo". So a broker
# that is meant for the proxy in front of it alone is open to the network.
# Seen with mosquitto 2.0.11-1.2+deb12u2 of Debian 12 in November 2026:
#> alone: ended, Error: Unable to start any listening sockets, exiting.
#> beside another: mqtt on 127.0.0.1, websockets on *
#> bind_interface: mqtt on 127.0.0.1, websockets on *
set -eu
folder=$(mktemp -d)
server=""
trap 'if [ -n "$server" ]; then kill "$server"; fi; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$folder"
(cd "$folder" && apt-get download -q "mosquitto=2.0.11-*" libdlt2 libwrap0 libnsl2 libtirpc3 >/dev/null 2>&1)
for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/debian"; done
LD_LIBRARY_PATH=$(find "$folder/debian/usr/lib" -maxdepth 1 -name '*-linux-*' | head -n 1)
export LD_LIBRARY_PATH
ports=$(/usr/bin/python3 -c 'import socket
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(one.getsockname()[1] for one in held))')
mqtt=${ports% *} websockets=${ports#* }

# "try NAME": with what stands in the file conf.
try() {
  : > "$folder/log"
  "$folder/debian/usr/sbin/mosquitto" -c "$folder/conf" 2> "$folder/log" &
  server=$!
  while ! grep -qE "running$|Unable to start" "$folder/log"; do sleep 0.1; done
  if grep -q "Unable to start" "$folder/log"; then
    wait "$server" || :
    echo "$1: ended, $(sed -n 's/^[0-9]*: \(Error:.*\)/\1/p' "$folder/log")"
  else
    echo "$1: mqtt on $(address "$mqtt"), websockets on $(address "$websockets")"
    kill "$server"
    wait "$server" || :
  fi
  server=""
}
address() { ss -Hltn "sport = :$1" | awk '{ sub(/:[0-9]*$/, "", $4); print $4 }'; }

{
  printf 'listener %s 127.0.0.1\nprotocol websockets\n' "$websockets" > "$folder/conf"
  try "alone"
  printf 'listener %s 127.0.0.1\nlistener %s 127.0.0.1\nprotocol websockets\n' "$mqtt" "$websockets" > "$folder/conf"
  try "beside another"
  printf 'listener %s 127.0.0.1\nlistener %s\nbind_interface lo\nprotocol websockets\n' "$mqtt" "$websockets" > "$folder/conf"
  try "bind_interface"
} > "$folder/seen"

sed -n 's/^#> //p' "$0" > "$folder/expected"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"
