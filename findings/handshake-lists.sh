#!/bin/sh
# Lists in a client's handshake. RFC 6455 4.2.1 asks a server for an Upgrade field that contains "websocket", and RFC 9110 7.8 lets
# a client offer several protocols: "Upgrade: h2c, websocket" (and the other order) is taken by websocket 1.0.35 alone; ws 8.18.0
# and nodejs-websocket 1.7.2 answer 400, and faye-websocket 0.11.4 does not take it for a WebSocket. RFC 9110 5.6.1.2 has a recipient pass
# over empty elements: ws refuses "Sec-WebSocket-Protocol: a,,b" with 400, faye-websocket and websocket take it, and nodejs-websocket
# never answers with a sub-protocol, not even to the plain list. So a proxy that joins fields or passes them on byte for byte makes good clients
# fail at one origin and not at the next: it writes the Upgrade field anew.
# Seen on Node 20.20 in November 2026; the sub-protocol behind the status is the one of the answer:
#> plain: ws 101 a; websocket 101 a; faye-websocket 101 a; nodejs-websocket 101 -
#> Upgrade: h2c, websocket: ws 400 -; websocket 101 a; faye-websocket no WebSocket; nodejs-websocket 400 -
#> Upgrade: websocket, h2c: ws 400 -; websocket 101 a; faye-websocket no WebSocket; nodejs-websocket 400 -
#> Sec-WebSocket-Protocol: a,,b: ws 400 -; websocket 101 a; faye-websocket 101 a; nodejs-websocket 101 -
#> Sec-WebSocket-Protocol: , a: ws 400 -; websocket 101 -; faye-websocket 101 a; nodejs-websocket 101 -
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error \
  ws@8.18.0 websocket@1.0.35 faye-websocket@0.11.4 websocket-driver@0.8.0 nodejs-websocket@1.7.2 >/dev/null

cat > "$folder/servers.js" <<'END'
const http = require('http'), net = require('net');
const listen = (server, listening) => server.listen(0, '127.0.0.1', () => listening(server.address().port));

// Each calls LISTENING(port) once it answers; each takes the first sub-protocol that is offered, by the means of its library.
const servers = {
  'ws': listening => {
    const server = http.createServer();
    new (require('ws').WebSocketServer)({server});
    listen(server, listening);
  },
  'websocket': listening => {
    const server = http.createServer();
    new (require('websocket').server)({httpServer: server})
      .on('request', request => request.accept(request.requestedProtocols[0], request.origin));
    listen(server, listening);
  },
  'faye-websocket': listening => {
    const Socket = require('faye-websocket'), server = http.createServer();
    server.on('upgrade', (request, socket, body) => {
      if (Socket.isWebSocket(request)) new Socket(request, socket, body, ['a', 'b']);
      else socket.end('no WebSocket\r\n\r\n');
    });
    listen(server, listening);
  },
  'nodejs-websocket': listening => {
    const server = require('nodejs-websocket').createServer(() => {});
    server.listen(0, '127.0.0.1', () => listening(server.socket.address().port));
  },
};

function ask(port, fields) {
  return new Promise(answer => {
    let head = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(`GET / HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`));
    const done = () => {
      socket.destroy();
      const status = /^HTTP\/1.1 (\d+)/.exec(head), protocol = /^sec-websocket-protocol: *(\S+)/im.exec(head);
      answer(status ? `${status[1]} ${protocol ? protocol[1] : '-'}` : head.trim());
    };
    socket.on('error', () => {}).on('close', done).on('data', data => {
      head += data.toString('latin1');
      if (head.includes('\r\n\r\n')) done();
    });
  });
}

(async () => {
  const plain = {'Host': 'localhost', 'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
    'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Protocol': 'a, b'};
  const ports = {};
  for (const [name, server] of Object.entries(servers)) ports[name] = await new Promise(server);
  for (const [field, value] of [['plain'], ['Upgrade', 'h2c, websocket'], ['Upgrade', 'websocket, h2c'],
    ['Sec-WebSocket-Protocol', 'a,,b'], ['Sec-WebSocket-Protocol', ', a']]) {
    const fields = Object.entries(value ? {...plain, [field]: value} : plain).map(each => each.join(': '));
    const answers = [];
    for (const [name, port] of Object.entries(ports)) answers.push(`${name} ${await ask(port, fields)}`);
    console.log(`${value ? `${field}: ${value}` : field}: ${answers.join('; ')}`);
  }
  process.exit();
})();
END

NODE_PATH="$folder/node_modules" node "$folder/servers.js" > "$folder/seen"
sed -n 's/^#> //p' "$0" > "$folder/expected"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"
