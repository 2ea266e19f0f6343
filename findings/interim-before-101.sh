#!/bin/sh
# Interim answers ahead of the 101 (RFC 9110 15.2: a client must be able to parse one or more, expected or not). A 103 (Early
# Hints) stops nodejs-websocket 1.7.2; a 100 (Continue) stops it too, and undici 7.16.0, though the same undici passes over the 103.
# ws 8.18.0, websocket 1.0.35 and faye-websocket 0.11.4 pass over both. So a proxy keeps interim answers of its origin to
# itself in a WebSocket handshake. Seen on Node 20.20 in November 2026:
#> ws: hello, protocol "b"
#> undici: hello, protocol "b"
#> websocket: hello, protocol "b"
#> faye-websocket: hello, protocol "b"
#> nodejs-websocket: Invalid handshake: invalid first line format
#> ws: hello, protocol "b"
#> undici: closed, 1006
#> websocket: hello, protocol "b"
#> faye-websocket: hello, protocol "b"
#> nodejs-websocket: Invalid handshake: too short
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
. "$(dirname "$0")/clients"
last='HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: b\r\n'
answered "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${last}"
answered "HTTP/1.1 100 Continue\r\n\r\n${last}"
expect
