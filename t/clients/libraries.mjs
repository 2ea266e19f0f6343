// How an application uses each library: one client that connects to `url` through the class `WebSocket`, and calls `opened`
// each time the library counts itself as connected. Defaults, unless `advised`: then what an application should set, so that
// the library comes back from everything.
//
// A library is loaded when it is asked for: each run needs only one of them.

// Doubles from a second to thirty, and spreads.
const patience = (tries) => Math.min(1000 * 2 ** tries, 30_000) * (0.5 + Math.random() / 2);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const web = (url) => url.replace(/^ws/, 'http');

async function socketIo({ url, WebSocket, opened }) {
  const { io } = await import('socket.io-client');
  const engine = await import('engine.io-client');
  class Transport extends engine.WebSocket {
    createSocket(uri, protocols, options) {
      return new WebSocket(uri, protocols ?? [], options);
    }
  }
  const { origin, pathname } = new URL(url);
  const socket = io(web(origin), { path: `${pathname}/`, transports: [Transport], forceNew: true });
  socket.on('connect', opened);
}

async function graphqlWs({ url, WebSocket, opened, advised }) {
  const { createClient } = await import('graphql-ws');
  const advice = advised ? { retryAttempts: Infinity, shouldRetry: () => true } : {};
  const client = createClient({ url, webSocketImpl: WebSocket, ...advice });
  client.on('connected', opened);
  client.subscribe({ query: 'subscription { news }' }, { next() {}, error() {}, complete() {} });
}

async function phoenix({ url, WebSocket, opened }) {
  const { Socket } = await import('phoenix');
  const socket = new Socket(url, { transport: WebSocket });
  socket.connect();
  socket.channel('room:lobby').join().receive('ok', opened);
}

async function mqtt({ url, WebSocket, opened }) {
  const { default: library } = await import('mqtt');
  const client = library.connect(url, {
    createWebsocket: (address, protocols, options) => new WebSocket(address, protocols, options.wsOptions),
  });
  client.on('connect', opened);
  client.on('error', () => {});
}

async function stompjs({ url, WebSocket, opened }) {
  const { Client } = await import('@stomp/stompjs');
  const client = new Client({
    webSocketFactory: () => new WebSocket(url, client.stompVersions.protocolVersions()),
    onConnect: opened,
  });
  client.activate();
}

async function centrifuge({ url, WebSocket, opened }) {
  const { Centrifuge } = await import('centrifuge');
  const client = new Centrifuge(url, { websocket: WebSocket });
  client.on('connected', opened);
  client.on('error', () => {});
  client.connect();
}

async function signalr({ url, WebSocket, opened, advised }) {
  const { HubConnectionBuilder, LogLevel } = await import('@microsoft/signalr');
  const policy = { nextRetryDelayInMilliseconds: ({ previousRetryCount }) => patience(previousRetryCount) };
  const connection = new HubConnectionBuilder()
    .withUrl(web(url), { WebSocket })
    .withAutomaticReconnect(...(advised ? [policy] : []))
    .configureLogging(LogLevel.None)
    .build();
  connection.onreconnected(opened);
  // A start that fails is the application's to repeat: the policy is for connections that were lost.
  for (let tries = 0; ; tries += 1) {
    try {
      await connection.start();
      return opened();
    } catch (error) {
      if (!advised) throw error;
      await pause(patience(tries));
    }
  }
}

async function yWebsocket({ url, WebSocket, opened }) {
  const [{ WebsocketProvider }, { Doc }] = await Promise.all([import('y-websocket'), import('yjs')]);
  const provider = new WebsocketProvider(url, 'room', new Doc(), { WebSocketPolyfill: WebSocket, disableBc: true });
  provider.on('sync', (synced) => synced && opened());
}

async function reconnectingWebsocket({ url, WebSocket, opened }) {
  const { default: library } = await import('reconnecting-websocket');
  const Reconnecting = library.default ?? library;
  new Reconnecting(url, [], { WebSocket }).addEventListener('open', opened);
}

async function trpc({ url, WebSocket, opened }) {
  const { createTRPCClient, createWSClient, wsLink } = await import('@trpc/client');
  const client = createTRPCClient({ links: [wsLink({ client: createWSClient({ url, WebSocket }) })] });
  client.news.subscribe(undefined, { onStarted: opened, onError() {} });
}

async function partysocket({ url, WebSocket, opened }) {
  const { WebSocket: Reconnecting } = await import('partysocket');
  new Reconnecting(url, [], { WebSocket }).addEventListener('open', opened);
}

async function natsWs({ url, WebSocket, opened, advised }) {
  const { connect } = await import('nats.ws');
  const advice = advised ? { maxReconnectAttempts: -1, waitOnFirstConnect: true } : {};
  const wsFactory = async (address) => ({ socket: new WebSocket(address), encrypted: false });
  const client = await connect({ servers: url, wsFactory, ...advice });
  opened();
  for await (const { type } of client.status()) if (type === 'reconnect') opened();
}

export const libraries = {
  'socket.io-client': socketIo,
  'graphql-ws': graphqlWs,
  phoenix,
  mqtt,
  stompjs,
  centrifuge,
  signalr,
  'y-websocket': yWebsocket,
  'reconnecting-websocket': reconnectingWebsocket,
  trpc,
  partysocket,
  'nats.ws': natsWs,
};
