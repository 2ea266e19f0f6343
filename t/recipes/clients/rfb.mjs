// RFB, as noVNC speaks it: the handshake without a password, and updates of one pixel.
import { open } from './raw.mjs';

const VERSION = 'RFB 003.008\n';
const NO_PASSWORD = 1;

export async function start({ url, tell }) {
  const connection = await open(url, tell, { protocols: ['binary'], parse: (data) => Buffer.from(data) });
  let received = Buffer.alloc(0);
  const bytes = async (count) => {
    while (received.length < count) received = Buffer.concat([received, await connection.take((data) => data)]);
    const wanted = received.subarray(0, count);
    received = received.subarray(count);
    return wanted;
  };

  const version = (await bytes(12)).toString();
  if (version !== VERSION) throw new Error(`the server says ${JSON.stringify(version)}`);
  connection.send(Buffer.from(VERSION));
  const kinds = await bytes((await bytes(1))[0]);
  if (!kinds.includes(NO_PASSWORD)) throw new Error(`the server's kinds of security are ${[...kinds]}`);
  connection.send(Buffer.from([NO_PASSWORD]));
  if ((await bytes(4)).readUInt32BE() !== 0) throw new Error('the server refuses');
  connection.send(Buffer.from([1])); // shared
  const init = await bytes(24);
  const pixel = init[4] / 8;
  const name = (await bytes(init.readUInt32BE(20))).toString();
  connection.send(Buffer.from([2, 0, 0, 1, 0, 0, 0, 0])); // SetEncodings: raw alone

  return {
    async exchange() {
      connection.send(Buffer.from([3, 0, 0, 0, 0, 0, 0, 1, 0, 1])); // FramebufferUpdateRequest: one pixel, in full
      const head = await bytes(4);
      if (head[0] !== 0) throw new Error(`the server sends ${head[0]}, no update`);
      for (let left = head.readUInt16BE(2); left > 0; left -= 1) {
        const box = await bytes(12);
        await bytes(box.readUInt16BE(4) * box.readUInt16BE(6) * pixel);
      }
      return `RFB 3.8, updates of the screen "${name.replace(/^.*?:/, ':')}"`;
    },
  };
}
