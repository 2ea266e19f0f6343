#!/bin/sh
# White space round the values of a 101's fields, which RFC 9110 5.5 leaves to the sender and takes out of the value. nodejs-websocket
# 1.7.2 takes exactly one blank in front and none behind: it refuses "Upgrade:websocket", two blanks, a tab, and a blank at the end.
# undici 7.16.0 refuses only the blank at the end ("Upgrade: websocket "). ws 8.18.0, websocket 1.0.35 and faye-websocket
# 0.11.4 take all of them. So a proxy that passes an origin's fields on byte for byte loses clients that take its own form.
# Seen on Node 20.20 in November 2026:
#> ws: hello, protocol "b"
#> undici: hello, protocol "b"
#> websocket: hello, protocol "b"
#> faye-websocket: hello, protocol "b"
#> nodejs-websocket: Invalid handshake: missing required headers
#> ws: hello, protocol "b"
#> undici: hello, protocol "b"
#> websocket: hello, protocol "b"
#> faye-websocket: hello, protocol "b"
#> nodejs-websocket: Invalid handshake: missing required headers
#> ws: hello, protocol "b"
#> undici: closed, 1006
#> websocket: hello, protocol "b"
#> faye-websocket: hello, protocol "b"
#> nodejs-websocket: Invalid handshake: invalid Upgrade or Connection header
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
. "$(dirname "$0")/clients"
first='HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: b\r\n'
answered "${first}Upgrade:websocket\r\nConnection:Upgrade\r\n"
answered "${first}Upgrade:  websocket\r\nConnection:\tUpgrade\r\n"
answered "${first}Upgrade: websocket \r\nConnection: Upgrade\r\n"
expect
