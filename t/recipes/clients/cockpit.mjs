// Cockpit: its log-in, and a channel of its socket that echoes.
import { open, overHttp } from './raw.mjs';

export async function start({ url, tell, user, password }) {
  const answer = await fetch(`${overHttp(url)}cockpit/login`, {
    headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
  });
  const said = await answer.text();
  if (answer.status !== 200) throw new Error(`log-in: ${answer.status} ${said.slice(0, 200)}`);
  const cookie = answer.headers.get('set-cookie').split(';')[0];
  const connection = await open(`${url}cockpit/socket`, tell, { protocols: ['cockpit1'], headers: { Cookie: cookie } });
  const control = (message) => connection.send(`\n${JSON.stringify(message)}`);
  const command = (message) => (message.startsWith('\n') ? JSON.parse(message) : {});

  await connection.take((message) => (command(message).command === 'init' ? true : undefined));
  control({ command: 'init', version: 1, host: 'localhost' });
  control({ command: 'open', channel: 'echo1', payload: 'echo', host: 'localhost' });
  await connection.take((message) => (command(message).command === 'ready' ? true : undefined));
  return {
    async exchange(number) {
      connection.send(`echo1\n${number}`);
      await connection.take((message) => (message === `echo1\n${number}` ? true : undefined));
      return 'log-in, and an echo of the bridge';
    },
  };
}
