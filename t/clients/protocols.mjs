// What an application has to say in each library's protocol so that the library counts itself as connected, and stays so.
//
// connect(say) is called for each connection; say(data) sends a message. It returns what to do with a message that comes,
// and what to do every ten seconds: some libraries leave a server that says nothing. page() is the answer to a request that
// is no handshake.
const RECORD = '\x1e'; // SignalR ends each message with it

// The packets of an MQTT stream: the library cuts them into messages as it likes.
function* packets(stream) {
  for (;;) {
    let length = 0;
    let at = 1;
    for (let shift = 0; ; shift += 7, at += 1) {
      if (at >= stream.bytes.length) return;
      length += (stream.bytes[at] & 0x7f) << shift;
      if (stream.bytes[at] < 0x80) break;
    }
    if (stream.bytes.length < at + 1 + length) return;
    yield stream.bytes[0] >> 4;
    stream.bytes = stream.bytes.subarray(at + 1 + length);
  }
}

function mqtt(say) {
  const stream = { bytes: Buffer.alloc(0) };
  const answers = { 1: [0x20, 2, 0, 0], 12: [0xd0, 0] }; // CONNECT: CONNACK; PINGREQ: PINGRESP
  return {
    message(data) {
      stream.bytes = Buffer.concat([stream.bytes, data]);
      for (const kind of packets(stream)) if (answers[kind]) say(Buffer.from(answers[kind]));
    },
  };
}

function graphql(say) {
  const answers = { connection_init: 'connection_ack', ping: 'pong' };
  return {
    message(data) {
      const { type } = JSON.parse(data);
      if (answers[type]) say(JSON.stringify({ type: answers[type] }));
    },
  };
}

function phoenix(say) {
  return {
    message(data) {
      const [join, ref, topic] = JSON.parse(data); // a join or a heartbeat
      say(JSON.stringify([join, ref, topic, 'phx_reply', { status: 'ok', response: {} }]));
    },
  };
}

function engine(say) {
  const terms = { sid: 'engine', upgrades: [], pingInterval: 10_000, pingTimeout: 20_000, maxPayload: 1_000_000 };
  say(`0${JSON.stringify(terms)}`);
  return {
    beat: () => say('2'),
    message: (data) => data.toString().startsWith('40') && say('40{"sid":"socket"}'),
  };
}

function stomp(say) {
  return { message: (data) => data.toString().startsWith('CONNECT') && say('CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0') };
}

function centrifuge(say) {
  return {
    beat: () => say('{}'),
    message(data) {
      for (const line of data.toString().split('\n').filter(Boolean)) {
        const command = JSON.parse(line);
        if (command.connect) {
          say(JSON.stringify({ id: command.id, connect: { client: 'one', version: '0', ping: 10, pong: true } }));
        }
      }
    },
  };
}

function signalr(say) {
  return {
    beat: () => say(`{"type":6}${RECORD}`),
    message: (data) => data.toString().includes('"protocol"') && say(`{}${RECORD}`),
  };
}

// Sync step 1 is answered with an empty step 2; an awareness message comes back, as from y-websocket's own server.
function yjs(say) {
  return {
    message(data) {
      if (data[0] === 0 && data[1] === 0) say(Buffer.from([0, 1, 2, 0, 0]));
      if (data[0] === 1) say(data);
    },
  };
}

function nats(say) {
  const binary = (text) => say(Buffer.from(text)); // the library takes nothing else
  binary('INFO {"server_id":"one","version":"2.10.0","proto":1,"max_payload":1048576,"headers":true}\r\n');
  return { message: (data) => data.toString().includes('PING\r\n') && binary('PONG\r\n') };
}

function trpc(say) {
  return {
    message(data) {
      if (data.toString() === 'PING') return say('PONG');
      for (const { id, method } of [JSON.parse(data)].flat()) {
        if (method === 'subscription') say(JSON.stringify({ id, result: { type: 'started' } }));
      }
    },
  };
}

const nothing = () => {};

export const protocols = {
  'socket.io-client': { connect: engine },
  'graphql-ws': { connect: graphql },
  phoenix: { connect: phoenix },
  mqtt: { connect: mqtt },
  stompjs: { connect: stomp },
  centrifuge: { connect: centrifuge },
  signalr: {
    connect: signalr,
    page: () => JSON.stringify({
      negotiateVersion: 1, connectionId: 'one', connectionToken: 'one',
      availableTransports: [{ transport: 'WebSockets', transferFormats: ['Text', 'Binary'] }],
    }),
  },
  'y-websocket': { connect: yjs },
  'reconnecting-websocket': { connect: nothing },
  trpc: { connect: trpc },
  partysocket: { connect: nothing },
  'nats.ws': { connect: nats },
};
