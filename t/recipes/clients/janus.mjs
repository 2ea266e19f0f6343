// A session of Janus, kept alive.
import { randomUUID } from 'node:crypto';
import { open } from './raw.mjs';

export async function start({ url, tell }) {
  const connection = await open(url, tell, { protocols: ['janus-protocol'], parse: (data) => JSON.parse(data) });
  const ask = async (request) => {
    const transaction = randomUUID();
    connection.send({ ...request, transaction });
    return connection.take((message) => (message.transaction === transaction ? message : undefined));
  };
  const created = await ask({ janus: 'create' });
  if (created.janus !== 'success') throw new Error(`create: ${JSON.stringify(created)}`);
  return {
    async exchange() {
      const answer = await ask({ janus: 'keepalive', session_id: created.data.id });
      if (answer.janus !== 'ack') throw new Error(`keepalive: ${JSON.stringify(answer)}`);
      return 'a session, and its keepalive';
    },
  };
}
