// Usage: node client.mjs LIBRARY URL N [--advised]
//
// N clients of LIBRARY (libraries.mjs) that connect to URL (ws://...) and come back when the library does. With --advised
// the library is set as an application should set it. One line of JSON for each event:
//   {"t": seconds since 1970, "n": client, "event": ..., "code": number|null, "reason": text|null}
// open      the library counts itself as connected: the handshake of its own protocol is done
// close     a connection that was open has ended: the Close code, or 1006, as the WebSocket saw it
// refused   one ended that never was open: what the handshake was answered, or the Close code
// exchange  a ping came back from the other end: asked for by a line on the standard input
import readline from 'node:readline';
import WebSocket from 'ws';
import { libraries } from './libraries.mjs';

const [library, url, count] = process.argv.slice(2);
const advised = process.argv.includes('--advised');
const newest = []; // the last WebSocket of each client

function tell(n, event, code = null, reason = null) {
  const t = (performance.timeOrigin + performance.now()) / 1000;
  process.stdout.write(`${JSON.stringify({ t, n, event, code, reason })}\n`);
}

// The class that the library is given as its WebSocket: codes are seen here, since half of the libraries hide them.
function watched(n) {
  return class extends WebSocket {
    constructor(...words) {
      super(...words);
      newest[n] = this;
      this.counted = false;
      let failure = null;
      this.on('error', (error) => { failure = error.message || error.code; });
      this.on('close', (code, reason) => {
        tell(n, this.counted ? 'close' : 'refused', code, reason.toString() || failure);
      });
      this.on('pong', () => tell(n, 'exchange'));
    }
  };
}

function opened(n) {
  const socket = newest[n];
  if (socket.counted) return;
  socket.counted = true;
  tell(n, 'open');
}

// A library that gives up may throw where nobody can catch it; the others go on.
process.on('unhandledRejection', () => {});

for (let n = 0; n < Number(count); n += 1) {
  libraries[library]({ url, advised, WebSocket: watched(n), opened: () => opened(n), n });
}

readline.createInterface({ input: process.stdin }).on('line', () => {
  for (const socket of newest) if (socket?.readyState === WebSocket.OPEN) socket.ping();
});
