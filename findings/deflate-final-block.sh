#!/bin/sh
# permessage-deflate lets a sender end a message with a block whose BFINAL is set (RFC 7692 7.2.3.4), and the next message starts
# a new one. Peers that hand each message to one zlib stream stand at that stream's end: the first such message arrives, and each
# later one is delivered as an empty text, without an error. undici 7.16.0 (Node's own WebSocket) and tornado 6.2 lose them even
# under server_no_context_takeover; permessage-deflate 0.1.7 (faye-websocket 0.11.4) and Python websockets 10.4 only with context
# takeover; wsproto 1.2.0 says so, with 1007. ws 8.18.0 gets it right. A proxy that passes frames on cannot mend it: an origin
# with such a sender is reached without compression (take Sec-WebSocket-Extensions out of the handshake).
# Three lines each: sync flush (for comparison), BFINAL, BFINAL with server_no_context_takeover; the texts are "hello" and "again".
# Seen on Node 20.20 and Python 3.11 with Debian 12's packages in November 2026:
#> ws: hello, again
#> undici: hello, again
#> faye-websocket: hello, again
#> websockets: hello, again
#> tornado: hello, again
#> wsproto: hello, again
#> ws: hello, again
#> undici: hello, 
#> faye-websocket: hello, 
#> websockets: hello, 
#> tornado: hello, 
#> wsproto: hello, closed, 1007
#> ws: hello, again
#> undici: hello, 
#> faye-websocket: hello, again
#> websockets: hello, again
#> tornado: hello, 
#> wsproto: hello, again
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error \
  ws@8.18.0 undici@7.16.0 faye-websocket@0.11.4 permessage-deflate@0.1.7 >/dev/null
(cd "$folder" && chmod 755 . && apt-get download -q \
  "python3-websockets=10.4-*" "python3-tornado=6.2.0-*" "python3-wsproto=1.2.0-*" "python3-h11=0.14.0-*" >/dev/null 2>&1)
for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/debian"; done

# The server: "server.js NAME" answers with one of three heads, prints its port, and sends the two messages.
cat > "$folder/server.js" <<'END'
const net = require('net'), crypto = require('crypto'), zlib = require('zlib');
const accept = key => crypto.createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
const flushed = text => zlib.deflateRawSync(text, {finishFlush: zlib.constants.Z_SYNC_FLUSH}).subarray(0, -4);
const ended = text => Buffer.concat([zlib.deflateRawSync(text), Buffer.from([0])]);
const frame = data => Buffer.concat([Buffer.from([0xc1, data.length]), data]);
const first = process.argv[2] === 'flush' ? flushed : ended;
const extension = 'permessage-deflate' + (process.argv[2] === 'alone' ? '; server_no_context_takeover' : '');
net.createServer(socket => {
  let request = '';
  socket.on('error', () => {}).on('data', data => {
    if (request.endsWith('\r\n\r\n')) return;
    request += data.toString('latin1');
    if (!request.endsWith('\r\n\r\n')) return;
    const key = /^sec-websocket-key: *(\S+)/im.exec(request)[1];
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Extensions: ${extension}\r\nSec-WebSocket-Accept: ${accept(key)}\r\n\r\n`);
    for (const text of ['hello', 'again']) socket.write(frame(first(text)));
  });
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
END

cat > "$folder/clients.js" <<'END'
const url = `ws://127.0.0.1:${process.argv[2]}/`;
const clients = {
  'ws': see => {
    new (require('ws'))(url).on('message', data => see(`${data}`)).on('error', error => see(error.message));
  },
  'undici': see => {
    const socket = new (require('undici').WebSocket)(url);
    socket.onmessage = event => see(event.data);
    socket.onclose = event => see(`closed, ${event.code}`);
  },
  'faye-websocket': see => {
    const socket = new (require('faye-websocket').Client)(url, [], {extensions: [require('permessage-deflate')]});
    socket.on('message', event => see(event.data)).on('close', event => see(`closed, ${event.code}`));
  },
};
(async () => {
  for (const [name, client] of Object.entries(clients)) {
    const seen = [];
    await new Promise(done => { client(what => { if (seen.push(what) === 2) done(); }); setTimeout(done, 5000); });
    console.log(`${name}: ${seen.join(', ')}`);
  }
  process.exit();
})();
END

cat > "$folder/clients.py" <<'END'
import asyncio
import sys

from tornado.websocket import websocket_connect
import websockets
from wsproto import ConnectionType, WSConnection
from wsproto.events import CloseConnection, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

port = sys.argv[1]
url = f"ws://127.0.0.1:{port}/"


async def by_websockets():
    async with websockets.connect(url, close_timeout=0.1) as socket:
        return [await socket.recv() for _ in range(2)]


async def by_tornado():
    socket = await websocket_connect(url, compression_options={})
    return [await socket.read_message() for _ in range(2)]


async def by_wsproto():
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    state = WSConnection(ConnectionType.CLIENT)
    writer.write(state.send(Request(host="127.0.0.1", target="/", extensions=[PerMessageDeflate()])))
    seen = []
    while len(seen) < 2:
        state.receive_data(await reader.read(4096))
        for event in state.events():
            if isinstance(event, TextMessage):
                seen.append(event.data)
            elif isinstance(event, CloseConnection):
                seen.append(f"closed, {int(event.code)}")
    return seen


async def main():
    for name, client in (("websockets", by_websockets), ("tornado", by_tornado), ("wsproto", by_wsproto)):
        print(f"{name}: {', '.join(await asyncio.wait_for(client(), 5))}")

asyncio.run(main())
END

for way in flush final alone; do
  mkfifo "$folder/port.$way"
  NODE_PATH="$folder/node_modules" node "$folder/server.js" "$way" > "$folder/port.$way" &
  server=$!
  read -r port < "$folder/port.$way"
  NODE_PATH="$folder/node_modules" node "$folder/clients.js" "$port" >> "$folder/seen"
  PYTHONPATH="$folder/debian/usr/lib/python3/dist-packages" /usr/bin/python3 "$folder/clients.py" "$port" >> "$folder/seen"
  kill "$server"
  wait "$server" 2>/dev/null || :
done

sed -n 's/^#> //p' "$0" > "$folder/expected"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"
