#!/bin/sh
# A WebSocket on a stream of HTTP/2 (RFC 8441) behind Apache httpd 2.4.71: an origin's 101 with two Set-Cookie fields reaches the client
# as a 200 with one field, both cookies joined by a comma, which no cookie parser takes apart (RFC 6265 3 warns of it: the
# comma may be part of a value). The same answer over HTTP/1.1, and a page with two cookies over HTTP/2, keep them apart.
# mod_http2's filter for these streams joins all fields of one name. A login that sets two cookies beside its socket works until HTTP/2
# is switched on for it (H2WebSockets); one cookie works.
# Seen with httpd 2.4.71 and nghttp2 1.52 of Debian 12, Python h2 4.1, in November 2026:
#> HTTP/1.1, 101: a=1; Path=/ | b=2; Path=/
#> HTTP/2, 200 of a WebSocket: a=1; Path=/, b=2; Path=/
#> HTTP/2, 200 of a page: a=1; Path=/ | b=2; Path=/
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$folder"
(cd "$folder" && apt-get download -q "apache2-bin=2.4.71-*" "libnghttp2-14=1.52.0-*" libapr1 libaprutil1 \
  "python3-h2=4.1.0-*" "python3-hpack=4.0.0-*" "python3-hyperframe=6.0.0-*" >/dev/null 2>&1)
for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/debian"; done
LD_LIBRARY_PATH=$(find "$folder/debian/usr/lib" -maxdepth 1 -name '*-linux-*')
export LD_LIBRARY_PATH PYTHONPATH="$folder/debian/usr/lib/python3/dist-packages"

cat > "$folder/try.py" <<'END'
import base64
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import time

import h2.connection
import h2.events

folder = sys.argv[1]
COOKIES = "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/\r\n"


def head(sock):
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        data += sock.recv(1)
    return data.decode()


def answer(sock):
    key = re.search(r"(?im)^sec-websocket-key: *(\S+)", head(sock))
    if key is None:
        sock.sendall(f"HTTP/1.1 200 OK\r\n{COOKIES}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        return
    accept = base64.b64encode(hashlib.sha1((key[1] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    sock.sendall(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{COOKIES}"
                 f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
    sock.recv(1)


def serve(listener):
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


origin = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(origin,), daemon=True).start()
port = free_port()
modules = f"{folder}/debian/usr/lib/apache2/modules"
names = ["mpm_event", "authz_core", "proxy", "proxy_http", "http2", "unixd"]
with open(f"{folder}/httpd.conf", "w") as conf:
    conf.writelines(f"LoadModule {name}_module {modules}/mod_{name}.so\n" for name in names
                    if os.path.exists(f"{modules}/mod_{name}.so"))
    conf.write(f"""ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/error.log
User nobody
Group nogroup
Listen 127.0.0.1:{port}
Protocols h2c http/1.1
H2WebSockets on
ProxyPass / http://127.0.0.1:{origin.getsockname()[1]}/ upgrade=websocket
""")
httpd = subprocess.Popen([f"{folder}/debian/usr/sbin/apache2", "-f", f"{folder}/httpd.conf", "-D", "FOREGROUND"])


def connect():
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port), 10)
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit("httpd does not listen")


def ask_h2(fields, end):
    sock, state = connect(), h2.connection.H2Connection()
    state.initiate_connection()
    sock.sendall(state.data_to_send())
    settled = False
    while True:
        for event in state.receive_data(sock.recv(65536)):
            if isinstance(event, h2.events.RemoteSettingsChanged) and not settled:
                settled = True
                state.send_headers(1, fields, end_stream=end)
            elif isinstance(event, h2.events.ResponseReceived):
                return [(name.decode(), value.decode()) if isinstance(name, bytes) else (name, value)
                        for name, value in event.headers]
        sock.sendall(state.data_to_send())


def show(what, fields):
    print(f"{what}: {' | '.join(value for name, value in fields if name.lower() == 'set-cookie')}")


try:
    with connect() as sock:
        sock.sendall("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode())
        show("HTTP/1.1, 101", [line.split(": ", 1) for line in head(sock).split("\r\n")[1:] if line])
    common = [(":scheme", "http"), (":authority", "x"), (":path", "/")]
    show("HTTP/2, 200 of a WebSocket", ask_h2([(":method", "CONNECT"), (":protocol", "websocket"), *common,
                                              ("sec-websocket-version", "13")], False))
    show("HTTP/2, 200 of a page", ask_h2([(":method", "GET"), *common], True))
finally:
    httpd.terminate()
    httpd.wait()
END

/usr/bin/python3 "$folder/try.py" "$folder" > "$folder/seen" || { cat "$folder/error.log" >&2; exit 1; }
sed -n 's/^#> //p' "$0" > "$folder/expected"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"
