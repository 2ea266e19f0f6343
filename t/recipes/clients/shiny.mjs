// The session of a Shiny page: an input changes, an output follows.
import { open } from './raw.mjs';

export async function start({ url, tell }) {
  const connection = await open(`${url}websocket/`, tell, { parse: (data) => JSON.parse(data) });
  connection.send({ method: 'init', data: { 'number:shiny.number': 0, '.clientdata_output_next_hidden': false } });
  await connection.take((message) => (message.config ? true : undefined));
  return {
    async exchange(number) {
      connection.send({ method: 'update', data: { 'number:shiny.number': number } });
      await connection.take((message) => (message.values?.next === String(number + 1) ? true : undefined));
      return 'an input, and the output that follows';
    },
  };
}
