// MQTT by mqtt.js, which connects again by itself.
import mqtt from 'mqtt';
import WebSocket from 'ws';

export function start({ url, tell, login = {} }) {
  const topic = `recipes/${process.pid}`;
  const waiting = new Map();
  const createWebsocket = (address, protocols) => {
    const socket = new WebSocket(address, protocols);
    socket.on('close', (code, reason) => tell('close', { code, reason: reason.toString() }));
    return socket;
  };
  const client = mqtt.connect(url, { createWebsocket, ...login });
  client.on('message', (_, payload) => waiting.get(payload.toString())?.());
  client.on('error', (error) => tell('fault', { why: error.message }));
  return new Promise((resolve) => {
    client.on('connect', async () => {
      await client.subscribeAsync(topic, { qos: 1 });
      tell('open');
      resolve({
        async exchange(number) {
          const heard = new Promise((done) => { waiting.set(String(number), done); });
          await client.publishAsync(topic, String(number), { qos: 1 });
          await heard;
          return 'a message to its own topic, QoS 1';
        },
      });
    });
  });
}
