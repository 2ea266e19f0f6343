// socket.io with its defaults: long polling first, then a WebSocket. It connects again by itself. Cookies are kept, as a page
// keeps them.
import { io } from 'socket.io-client';

export function start({ url, tell, path, headers }) {
  const socket = io(new URL(url.replace(/^ws/, 'http')).origin, { path, withCredentials: true, extraHeaders: headers });
  let upgraded = () => {};
  socket.on('connect_error', (error) => tell('fault', { why: error.message }));
  socket.on('disconnect', (reason, details) => {
    tell('close', { code: details?.context?.code ?? details?.description ?? 0, reason });
  });
  return new Promise((resolve) => {
    socket.on('connect', () => {
      const { engine } = socket.io;
      upgraded = () => {
        tell('open');
        resolve({
          async exchange(number) {
            const answer = await socket.timeout(20000).emitWithAck('ask', number);
            if (answer.number !== number) throw new Error(`${number} is answered by ${JSON.stringify(answer)}`);
            // What httpd asks of the client is none of the application's business (login.conf).
            if (answer.fields.authorization) throw new Error('the application sees Authorization');
            tell('answered', { port: answer.port });
            return 'long polling, the upgrade, and acknowledged events';
          },
        });
      };
      if (engine.transport.name === 'websocket') upgraded();
      else engine.on('upgrade', () => upgraded());
    });
  });
}
