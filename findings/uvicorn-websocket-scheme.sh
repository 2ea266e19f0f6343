#!/bin/sh
# uvicorn 0.17.6 believes X-Forwarded-Proto of a proxy on 127.0.0.1 by default, and writes it into the scope's "scheme" as it is. For a
# WebSocket the ASGI specification has "ws" and "wss" there, and without a proxy uvicorn does, too; behind a TLS proxy that sends
# "https", as it has to for the pages, applications get "https" for their WebSockets. What compares it with "wss", or builds a URL of
# it, is wrong then. "wss" in the field would be right for WebSockets and wrong for pages.
# Seen with python3-uvicorn 0.17.6-1 and python3-websockets 10.4-1 of Debian 12 in November 2026:
#> page, no field: http
#> page, https: https
#> WebSocket, no field: ws
#> WebSocket, https: https
set -eu
folder=$(mktemp -d)
server=""
trap 'if [ -n "$server" ]; then kill "$server"; fi; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$folder"
(cd "$folder" && apt-get download -q "python3-uvicorn=0.17.6-*" "python3-websockets=10.4-*" "python3-h11=0.14.0-*" \
  "python3-asgiref=3.6.0-*" "python3-click=8.1.3-*" >/dev/null 2>&1)
for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/debian"; done
PYTHONPATH="$folder/debian/usr/lib/python3/dist-packages:$folder"
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1

cat > "$folder/application.py" <<'EOF'
async def application(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["scheme"].encode()})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": scope["scheme"]})
        await send({"type": "websocket.close"})
EOF

cat > "$folder/ask.py" <<'EOF'
import asyncio
import sys
import urllib.request

import websockets

port = sys.argv[1]


async def socket(fields):
    async with websockets.connect(f"ws://127.0.0.1:{port}/", extra_headers=fields) as connection:
        return await connection.recv()


def page(fields):
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", headers=fields), timeout=10) as answer:
        return answer.read().decode()


both = (("no field", {}), ("https", {"X-Forwarded-Proto": "https"}))
for name, fields in both:
    print(f"page, {name}: {page(fields)}")
for name, fields in both:
    print(f"WebSocket, {name}: {asyncio.run(socket(fields))}")
EOF

port=$(/usr/bin/python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
: > "$folder/log"
/usr/bin/python3 -m uvicorn --port "$port" --lifespan off application:application 2> "$folder/log" >&2 &
server=$!
while ! grep -q "Uvicorn running" "$folder/log"; do kill -0 "$server"; sleep 0.1; done
/usr/bin/python3 "$folder/ask.py" "$port" > "$folder/seen"

sed -n 's/^#> //p' "$0" > "$folder/expected"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"
