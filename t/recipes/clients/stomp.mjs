// STOMP by stompjs, which connects again by itself.
import { Client } from '@stomp/stompjs';
import WebSocket from 'ws';

export function start({ url, tell, login }) {
  const destination = `/topic/recipes-${process.pid}`;
  const waiting = new Map();
  return new Promise((resolve) => {
    const client = new Client({
      webSocketFactory: () => new WebSocket(url, ['v12.stomp', 'v11.stomp', 'v10.stomp']),
      connectHeaders: login,
      onWebSocketClose: ({ code, reason }) => tell('close', { code, reason }),
      onStompError: (frame) => tell('fault', { why: frame.headers.message }),
      onConnect() {
        const receipt = `subscribed-${Math.random()}`;
        client.watchForReceipt(receipt, () => {
          tell('open');
          resolve({
            async exchange(number) {
              const heard = new Promise((done) => { waiting.set(String(number), done); });
              client.publish({ destination, body: String(number) });
              await heard;
              return 'a message to its own topic';
            },
          });
        });
        client.subscribe(destination, (message) => waiting.get(message.body)?.(), { receipt });
      },
    });
    client.activate();
  });
}
