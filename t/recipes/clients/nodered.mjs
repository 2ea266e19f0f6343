// The editor's socket of Node-RED: what a debug node says about a request comes over it.
import { open, overHttp } from './raw.mjs';

export async function start({ url, tell }) {
  const connection = await open(`${url}comms`, tell, { parse: (data) => [JSON.parse(data)].flat() });
  connection.send({ subscribe: 'debug' });
  return {
    async exchange(number) {
      const asked = fetch(`${overHttp(url)}ask?number=${number}`);
      const told = connection.take((messages) => messages.find(
        ({ topic, data }) => topic === 'debug' && data.msg === String(number)));
      const answer = await asked;
      if (answer.status !== 200) throw new Error(`the flow answers ${answer.status}`);
      await told;
      return 'a request to a flow, and its debug message';
    },
  };
}
