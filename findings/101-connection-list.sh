#!/bin/sh
# A 101 with "Connection: keep-alive, Upgrade" (two tokens in one field, as RFC 9110 7.6.1 allows and RFC 6455 4.1 asks for: "a
# token that is an ASCII case-insensitive match for the value "Upgrade"") is taken by ws 8.18.0 and nodejs-websocket 1.7.2, and
# refused by undici 7.16.0, websocket 1.0.35 and faye-websocket 0.11.4, which compare the whole value. In two fields, keep-alive
# last, nodejs-websocket refuses it too. So a proxy must write the 101 anew, with the one token, whatever its origin has sent.
# Seen on Node 20.20 in November 2026:
#> ws: hello, protocol "b"
#> undici: hello, protocol "b"
#> websocket: hello, protocol "b"
#> faye-websocket: hello, protocol "b"
#> nodejs-websocket: hello, protocol "b"
#> ws: hello, protocol "b"
#> undici: closed, 1006
#> websocket: Expected a Connection: Upgrade header from the server
#> faye-websocket: Error during WebSocket handshake: 'Connection' header value is not 'Upgrade'
#> nodejs-websocket: hello, protocol "b"
#> ws: hello, protocol "b"
#> undici: closed, 1006
#> websocket: Expected a Connection: Upgrade header from the server
#> faye-websocket: Error during WebSocket handshake: 'Connection' header value is not 'Upgrade'
#> nodejs-websocket: Invalid handshake: invalid Upgrade or Connection header
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
. "$(dirname "$0")/clients"
first='HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: b\r\n'
answered "${first}Connection: Upgrade\r\n"
answered "${first}Connection: keep-alive, Upgrade\r\n"
answered "${first}Connection: Upgrade\r\nConnection: keep-alive\r\n"
expect
