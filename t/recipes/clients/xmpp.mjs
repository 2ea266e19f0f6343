// XMPP by @xmpp/client, which connects again by itself.
import { client, xml } from '@xmpp/client';
import WebSocket from 'ws';

export function start({ url, tell, domain, username, password }) {
  // The library takes the WebSocket of its platform.
  globalThis.WebSocket = class extends WebSocket {
    constructor(...values) {
      super(...values);
      this.on('close', (code, reason) => tell('close', { code, reason: reason.toString() }));
    }
  };
  const xmpp = client({ service: url, domain, username, password });
  xmpp.on('error', (error) => tell('fault', { why: error.message }));
  return new Promise((resolve, reject) => {
    xmpp.on('online', () => {
      tell('open');
      resolve({
        async exchange() {
          await xmpp.iqCaller.request(xml('iq', { type: 'get', to: domain }, xml('ping', 'urn:xmpp:ping')));
          return 'log-in, and pings to the server';
        },
      });
    });
    xmpp.start().catch(reject);
  });
}
