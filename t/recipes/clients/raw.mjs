// A WebSocket as a page would open it, for protocols that need no library: it sends the page's Origin, tells of its end, and
// waits for messages.
import WebSocket from 'ws';

/** The origin of the page that has this URL's socket. */
export const pageOrigin = (url) => new URL(url.replace(/^ws/, 'http')).origin;

/** The same address over HTTP. */
export const overHttp = (url) => url.replace(/^ws/, 'http');

export function open(url, tell, { protocols = [], headers = {}, parse = (data) => data.toString() } = {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols, { headers, origin: pageOrigin(url) });
    let waiting = [];
    const seen = [];

    const connection = {
      socket,
      send: (data) => socket.send(typeof data === 'object' && !Buffer.isBuffer(data) ? JSON.stringify(data) : data),
      /** The value of MATCH for the first message, of those that nobody took, for which it has one. */
      take(match) {
        for (const [at, message] of seen.entries()) {
          const value = match(message);
          if (value !== undefined) {
            seen.splice(at, 1);
            return Promise.resolve(value);
          }
        }
        if (socket.readyState > WebSocket.OPEN) return Promise.reject(new Error('the socket is closed'));
        return new Promise((done, fail) => waiting.push({ match, done, fail }));
      },
    };

    socket.on('message', (data) => {
      const message = parse(data);
      for (const waiter of waiting) {
        const value = waiter.match(message);
        if (value !== undefined) {
          waiting = waiting.filter((other) => other !== waiter);
          waiter.done(value);
          return;
        }
      }
      seen.push(message);
      if (seen.length > 1000) seen.shift();
    });
    socket.on('open', () => {
      tell('open');
      resolve(connection);
    });
    socket.on('close', (code, reason) => {
      tell('close', { code, reason: reason.toString() });
      for (const waiter of waiting) waiter.fail(new Error(`closed with ${code}`));
      waiting = [];
    });
    socket.on('unexpected-response', (request, response) => {
      let body = '';
      response.on('data', (data) => { body += data; });
      response.on('end', () => reject(new Error(`${response.statusCode} ${body.slice(0, 200)}`)));
      request.on('error', () => {});
    });
    socket.on('error', reject);
  });
}
