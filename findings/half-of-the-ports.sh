#!/bin/sh
# Linux has 28,232 local ports for one destination from one address (net.ipv4.ip_local_port_range), and gives the first half of
# them (14,116, those of one parity) in 20 us of CPU each. Behind that each connect() looks through that half in vain before it tries
# the other: 70 times as much CPU, for all that follow. A proxy with 15,000 connections to one port of one origin has that cost in
# each handshake, long before it runs out of ports; with a second source address it has not.
# Seen with Linux 6.18 in November 2026, on loopback, and with IP_BIND_ADDRESS_NO_PORT over two addresses:
#> one address: beyond half of the ports a connect is 10 times dearer
#> two addresses: beyond half of the ports a connect is as before
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
cat > "$folder/ports.py" <<'END'
import os, resource, signal, socket, sys, time
NO_PORT = 24  # IP_BIND_ADDRESS_NO_PORT
addresses = int(sys.argv[1])
low, high = map(int, open("/proc/sys/net/ipv4/ip_local_port_range").read().split())
half = (high - low + 1) // 2
count = half + 1500
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
if hard < count + 20:
    sys.exit(f"needs {count + 20} descriptors (ulimit -Hn is {hard})")
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
child = os.fork()
if child == 0:
    kept = []
    while True:
        kept.append(listener.accept()[0])
try:
    kept, cost, marks = [], [], {half - 1500, half, half + 200, count}
    before = time.process_time()
    for number in range(1, count + 1):
        one = socket.socket()
        one.setsockopt(socket.IPPROTO_IP, NO_PORT, 1)
        one.bind((f"127.0.0.{2 + number % addresses}", 0))
        one.connect(listener.getsockname())
        kept.append(one)
        if number in marks:
            cost.append(time.process_time() - before)
            before = time.process_time()
finally:
    os.kill(child, signal.SIGTERM)
ahead, behind = cost[1] / 1500, cost[3] / 1300
print(f"{ {1: 'one address', 2: 'two addresses'}[addresses]}: beyond half of the ports a connect is "
      + ("10 times dearer" if behind > 10 * ahead else "as before" if behind < 4 * ahead else f"{behind / ahead:.0f} times dearer"))
END
for addresses in 1 2; do python3 "$folder/ports.py" "$addresses"; done > "$folder/seen"
sed -n 's/^#> //p' "$0" > "$folder/expected"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"
