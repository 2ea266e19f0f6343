#!/bin/sh
# A client offers the sub-protocols a and b, and the 101 names none, with which a server says that it speaks none of them (RFC 6455
# 4.2.2: /subprotocol/ is "null", the client goes on without). Only faye-websocket 0.11.4 opens, with the protocol "". ws
# 8.18.0, undici 7.16.0 (as the WHATWG's rule for browsers has it), websocket 1.0.35 and nodejs-websocket 1.7.2 refuse. So a proxy
# that takes a name out of the offer, until none is left that the origin knows, has refused the handshake, and would
# better say so itself; and an application that works with one library fails with the next one. Seen on Node 20.20 in
# November 2026:
#> ws: Server sent no subprotocol
#> undici: closed, 1006
#> websocket: Expected a Sec-WebSocket-Protocol header.
#> faye-websocket: hello, protocol ""
#> nodejs-websocket: Invalid handshake: no protocol was negotiated
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
. "$(dirname "$0")/clients"
answered 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
expect
