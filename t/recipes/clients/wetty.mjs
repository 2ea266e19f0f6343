// A terminal of WeTTY: its events over socket.io, which connects again by itself, and gets a new shell then.
import { io } from 'socket.io-client';

export function start({ url, tell, path }) {
  const socket = io(new URL(url.replace(/^ws/, 'http')).origin, { path, withCredentials: true });
  let screen = '';
  let look = () => {};
  socket.on('connect_error', (error) => tell('fault', { why: error.message }));
  socket.on('data', (data) => {
    screen = (screen + data).slice(-10000);
    socket.emit('commit', data.length);
    look();
  });
  const until = (wanted) => new Promise((done) => {
    look = () => {
      if (!wanted(screen)) return;
      look = () => {};
      done();
    };
    look();
  });
  socket.on('disconnect', (reason, details) => {
    tell('close', { code: details?.context?.code ?? 0, reason });
    screen = '';
  });
  return new Promise((resolve) => {
    socket.on('connect', async () => {
      const { engine } = socket.io;
      if (engine.transport.name !== 'websocket') await new Promise((done) => { engine.on('upgrade', done); });
      await until((text) => /[$#] $/.test(text));
      tell('open');
      resolve({
        async exchange(number) {
          socket.emit('input', `echo $((1000000 + ${number}))\n`);
          await until((text) => text.includes(String(1000000 + number)));
          return 'long polling, the upgrade, and commands in a shell';
        },
      });
    });
  });
}
