// Usage: node npm_client.js URL CA SIZE...  Echoes a text and a binary message of each size through npm's ws.
'use strict';
const fs = require('fs');
const WebSocket = require('ws');

const [url, ca, ...sizes] = process.argv.slice(2);
const messages = [];
for (const size of sizes.map(Number)) {
  messages.push('é'.repeat(size / 2), Buffer.from(Uint8Array.from({ length: size }, (_, i) => i)));
}
const result = { equal: 0, different: 0, pong: '', code: 0 };
const socket = new WebSocket(url, { ca: fs.readFileSync(ca), perMessageDeflate: { threshold: 0 } });

const next = () => (messages.length ? socket.send(messages[0]) : socket.ping('are you there'));
socket.on('open', next);
socket.on('message', (data, isBinary) => {
  const sent = messages.shift();
  const same = isBinary ? Buffer.compare(data, Buffer.from(sent)) === 0 : data.toString() === sent;
  result[same && isBinary === Buffer.isBuffer(sent) ? 'equal' : 'different'] += 1;
  next();
});
socket.on('pong', (data) => {
  result.pong = data.toString();
  result.extensions = socket.extensions;
  socket.close(4321, 'done');
});
socket.on('close', (code, reason) => {
  result.code = code;
  result.reason = reason.toString();
  console.log(JSON.stringify(result));
});
socket.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
});
