// Subscriptions by graphql-ws, with its defaults but for the connection, which is made at once.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

export function start({ url, tell }) {
  return new Promise((resolve) => {
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      lazy: false,
      onNonLazyError: (error) => tell('fault', { why: error.message ?? `closed with ${error.code}` }),
      on: {
        closed: ({ code, reason }) => tell('close', { code, reason }),
        connected() {
          tell('open');
          resolve({
            async exchange(number) {
              const heard = [];
              const query = `subscription { count(from: ${number}, to: ${number + 1}) }`;
              for await (const { data } of client.iterate({ query })) heard.push(data.count);
              if (heard.join() !== [number, number + 1].join()) throw new Error(`the subscription says ${heard}`);
              return 'subscriptions of two values';
            },
          });
        },
      },
    });
  });
}
