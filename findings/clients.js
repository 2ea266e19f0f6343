// Each client, which offers the sub-protocols a and b, meets a server that answers its handshake with the head of a file
// and then sends the text "hello". One line each: what the application sees.
const net = require('net'), crypto = require('crypto'), fs = require('fs');
const head = fs.readFileSync(process.argv[2], 'latin1');
const accept = key => crypto.createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
const hello = Buffer.from('\x81\x05hello', 'latin1');
const offer = ['a', 'b'];

// Each calls SEE(what) once, with the message or with why there is none.
const clients = {
  'ws': (url, see) => {
    const socket = new (require('ws'))(url, offer);
    socket.on('message', data => see(`${data}, protocol "${socket.protocol}"`)).on('error', error => see(error.message));
  },
  'undici': (url, see) => {
    const socket = new (require('undici').WebSocket)(url, offer);
    socket.onmessage = event => see(`${event.data}, protocol "${socket.protocol}"`);
    socket.onclose = event => see(`closed, ${event.code}`);
  },
  'websocket': (url, see) => {
    const client = new (require('websocket').client)();
    client.on('connectFailed', error => see(error.message.split('\n')[0]));
    client.on('connect', socket => socket.on('message', data => see(`${data.utf8Data}, protocol "${socket.protocol || ''}"`)));
    client.connect(url, offer);
  },
  'faye-websocket': (url, see) => {
    const socket = new (require('faye-websocket').Client)(url, offer);
    socket.on('message', event => see(`${event.data}, protocol "${socket.protocol}"`)).on('error', event => see(event.message));
  },
  'nodejs-websocket': (url, see) => {
    const socket = require('nodejs-websocket').connect(url, {protocols: offer});
    socket.on('text', data => see(`${data}, protocol "${socket.protocol || ''}"`)).on('error', error => see(error.message));
  },
};

async function meet(client) {
  const server = net.createServer(socket => {
    let request = '';
    socket.on('error', () => {}).on('data', data => {
      if (request.endsWith('\r\n\r\n')) return;
      request += data.toString('latin1');
      if (!request.endsWith('\r\n\r\n')) return;
      const key = /^sec-websocket-key: *(\S+)/im.exec(request)[1];
      socket.write(`${head}Sec-WebSocket-Accept: ${accept(key)}\r\n\r\n`, 'latin1');
      setTimeout(() => socket.write(hello), 100);
    });
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  const seen = await new Promise(see => {
    setTimeout(see, 5000, 'nothing for five seconds');
    client(`ws://127.0.0.1:${server.address().port}/`, see);
  });
  server.close();
  return seen;
}

(async () => {
  for (const [name, client] of Object.entries(clients)) console.log(`${name}: ${await meet(client)}`);
  process.exit();
})();
