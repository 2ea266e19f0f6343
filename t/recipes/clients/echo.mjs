// A socket that answers {"number": n} with the same.
import { open } from './raw.mjs';

export async function start({ url, tell }) {
  const connection = await open(url, tell, { parse: (data) => JSON.parse(data) });
  return {
    async exchange(number) {
      connection.send({ number });
      await connection.take((message) => (message.number === number ? true : undefined));
      return 'the page, and messages';
    },
  };
}
