// Usage: node origin.mjs PORT
//
// The application behind the proxy: /clients/NAME speaks enough of NAME's protocol (protocols.mjs) for its library to count
// itself as connected. It prints a line when it listens, and answers each line of its standard input with one:
//   refuse   ends every connection without a Close frame, and answers every request with 503 from then on
//   serve    is well again
// Its end is a SIGKILL by whoever started it.
import http from 'node:http';
import readline from 'node:readline';
import { WebSocketServer } from 'ws';
import { protocols } from './protocols.mjs';

let refuses = false;
const name = (request) => request.url.split(/[/?]/)[2];
const sockets = new WebSocketServer({ noServer: true });
const server = http.createServer((request, response) => {
  const answer = !refuses && protocols[name(request)]?.page?.();
  response.writeHead(refuses ? 503 : answer ? 200 : 404, { 'Content-Type': 'application/json' });
  response.end(answer || '{}');
});

server.on('upgrade', (request, socket, head) => {
  const protocol = protocols[name(request)];
  if (refuses || !protocol) {
    const status = refuses ? '503 Service Unavailable' : '404 Not Found';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.on('error', () => {}); // A peer that breaks off is no concern of the origin's.
    const say = (data) => client.readyState === client.OPEN && client.send(data);
    const { beat, message } = protocol.connect(say) ?? {};
    if (message) client.on('message', message);
    if (beat) {
      const timer = setInterval(beat, 10_000);
      client.on('close', () => clearInterval(timer));
    }
  });
});

readline.createInterface({ input: process.stdin }).on('line', (word) => {
  refuses = word === 'refuse';
  if (refuses) for (const client of sockets.clients) client.terminate();
  console.log(word);
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('listening'));
