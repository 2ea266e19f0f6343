// A kernel of Jupyter, as a notebook's page uses it.
import { randomUUID } from 'node:crypto';
import { open, overHttp, pageOrigin } from './raw.mjs';

export async function start({ url, tell, token }) {
  const answer = await fetch(`${overHttp(url)}api/kernels`, {
    method: 'POST', headers: { Authorization: `token ${token}`, Origin: pageOrigin(url) },
  });
  const body = await answer.text();
  if (answer.status !== 201) throw new Error(`POST api/kernels: ${answer.status} ${body.slice(0, 200)}`);
  const session = randomUUID();
  const connection = await open(`${url}api/kernels/${JSON.parse(body).id}/channels?session_id=${session}&token=${token}`, tell,
    { parse: (data) => JSON.parse(data) });
  return {
    async exchange(number) {
      const header = {
        msg_id: randomUUID(), session, username: '', date: new Date().toISOString(), msg_type: 'execute_request', version: '5.3',
      };
      connection.send({
        header, parent_header: {}, metadata: {}, buffers: [], channel: 'shell',
        content: { code: `1+${number}`, silent: false, store_history: false, user_expressions: {}, allow_stdin: false },
      });
      const value = await connection.take((message) => (message.msg_type === 'execute_result' &&
        message.parent_header.msg_id === header.msg_id ? message.content.data['text/plain'] : undefined));
      if (value !== String(1 + number)) throw new Error(`1+${number} is ${value}`);
      return '1+n in a kernel';
    },
  };
}
