// Two documents of Yjs, each with a y-websocket provider of its own, which connects again by itself.
import WebSocket from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

export function start({ url, tell }) {
  const room = `recipes-${process.pid}`;
  const sides = ['left', 'right'].map((side) => {
    const document = new Y.Doc();
    const provider = new WebsocketProvider(url.replace(/\/$/, ''), room, document,
      { WebSocketPolyfill: WebSocket, disableBc: true });
    provider.on('connection-close', (event) => event && tell('close', { code: event.code, reason: event.reason }));
    return { side, document, provider, values: document.getMap('values') };
  });
  const [left, right] = sides;
  return new Promise((resolve) => {
    for (const { provider } of sides) {
      provider.on('sync', (synced) => {
        if (!synced || !sides.every((other) => other.provider.synced)) return;
        tell('open');
        resolve({
          async exchange(number) {
            const heard = new Promise((done) => {
              const look = () => {
                if (right.values.get('number') !== number) return;
                right.values.unobserve(look);
                done();
              };
              right.values.observe(look);
            });
            left.values.set('number', number);
            await heard;
            return 'a change of one document is in the other';
          },
        });
      });
    }
  });
}
