// An application of socket.io, with its defaults, that answers questions. Usage: server.mjs PORT
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(`${process.cwd()}/`);
const { Server } = require('socket.io');
const port = Number(process.argv[2]);
const server = createServer();
new Server(server).on('connection', (socket) => {
  socket.on('ask', (number, answer) => answer({ number, port, fields: socket.handshake.headers }));
});
server.listen(port, '127.0.0.1');
